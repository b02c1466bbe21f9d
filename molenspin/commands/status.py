"""`molenspin status`: how the cases of a store ended, and why those that failed did."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.config import load_config
from molenspin.project import places_of
from molenspin.store.status import failed_cases, status_table
from molenspin.terminal import one_line

HELP = "show how the cases in a store ended"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument(
        "config", type=Path, nargs="?", default=Path("config/config.yaml"), help="configuration"
    )
    parser.add_argument("--store", help="path or URL of a store, instead of the configuration's")
    parser.add_argument(
        "--failed", type=int, default=10, metavar="N", help="show at most N failed cases (10)"
    )


def run(arguments: Namespace) -> int:
    """Print counts by node, then the failed cases with their reasons."""
    url = arguments.store or places_of(load_config(arguments.config)).store
    for name, counts in status_table(url).items():
        print(f"{one_line(name)}: " + ", ".join(f"{count} {label}" for label, count in counts.items()))
    failed = failed_cases(url)
    for case in failed[: arguments.failed]:
        print(f"  {one_line(case.node)}[{case.slot}] {case.status}: {one_line(case.message)}")
    if len(failed) > arguments.failed:
        print(f"  ... and {len(failed) - arguments.failed} more")
    return 0
