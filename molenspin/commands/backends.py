"""`molenspin backends`: which backends there are, and why one cannot be used."""

from argparse import ArgumentParser, Namespace

from molenspin.backends.registry import BACKENDS, get_backend
from molenspin.errors import MolenspinError

HELP = "list the backends and whether they can be used here"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand: none."""


def run(arguments: Namespace) -> int:  # noqa: ARG001  (every command takes them)
    """Print a line for each backend."""
    for name in BACKENDS:
        try:
            get_backend(name)
        except MolenspinError as error:
            print(f"{name}: {error}")
        else:
            print(f"{name}: ready")
    return 0
