"""`molenspin report FOLDER`: the HTML report of a finished sweep."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from molenspin.backends.settings import check_positive
from molenspin.errors import MolenspinError
from molenspin.output.terminal import one_line
from molenspin.report.folder import report_of_folder
from molenspin.report.page import WANTED_ERROR, write_report
from molenspin.store.places import Places

HELP = "write the HTML report of a finished sweep"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument("folder", type=Path, help="folder of the sweep, such as results/default")
    parser.add_argument(
        "--error",
        type=float,
        default=WANTED_ERROR,
        metavar="RADIANS",
        help="error that the page answers first (default: %(default)s)",
    )
    parser.add_argument("-o", "--output", type=Path, help="file to write (default: FOLDER/report.html)")


def run(arguments: Namespace) -> int:
    """Write the page."""
    check_positive("--error", arguments.error)
    folder: Path = arguments.folder
    path: Path = arguments.output or Places.in_folder(folder).report
    with _naming_damage(folder):
        report = report_of_folder(folder, error=arguments.error)
        write_report(report, path)
    for line in report.left_out:
        print(f"molenspin: {one_line(line)}", file=sys.stderr)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


@contextmanager
def _naming_damage(folder: Path) -> Iterator[None]:
    """Turn what values that no sweep writes raise somewhere in the report into one message."""
    try:
        yield
    except MolenspinError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise MolenspinError(
            f"{folder}: no report can be made of these results ({type(error).__name__}: {error}); "
            "tables/accuracy.csv or timing.json is damaged: run the workflow again"
        ) from error
