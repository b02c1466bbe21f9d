"""The command `molenspin`: parser and dispatch; each subcommand is a module of `molenspin.commands`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import NoReturn, Protocol

from molenspin import commands
from molenspin.errors import MolenspinError
from molenspin.output.terminal import visible_output

NO_SUBCOMMANDS = {"bench", "entry_point"}
"""Other modules of `molenspin.commands`: `python -m molenspin.bench`, and this one."""


class Command(Protocol):
    """What a module of `molenspin.commands` provides."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments of the subcommand."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the result is the exit code."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and how to get help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the result is the exit code: 2 for what the user can mend."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    with visible_output():
        return _run(_parser(given).parse_args(given))


def _run(parsed: argparse.Namespace) -> int:
    command: Command = parsed.command
    try:
        return command.run(parsed)
    except MolenspinError as error:
        print(f"molenspin: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("molenspin: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, MemoryError) as error:
        print(f"molenspin: {str(error) or 'out of memory'}", file=sys.stderr)
        return 2


def command_names() -> list[str]:
    """Names of the subcommands."""
    modules = {module.name for module in iter_modules(commands.__path__)}
    return sorted(modules - NO_SUBCOMMANDS)


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(prog="molenspin", description="Simulate drivetrains, and know what each choice costs.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    names = command_names()
    # Import the one command that is called: all of them together take seconds.
    for name in [given[0]] if given and given[0] in names else names:
        command: Command = import_module(f"molenspin.commands.{name}")
        subparser = subparsers.add_parser(
            name, help=command.HELP, description=command.HELP.capitalize() + "."
        )
        command.add_arguments(subparser)
        subparser.set_defaults(command=command)
    return parser
