"""`molenspin report FOLDER`: the HTML report of a finished sweep."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.backends.settings import check_positive
from molenspin.report.folder import report_of_folder
from molenspin.report.page import WANTED_ERROR, write_report

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
    path: Path = arguments.output or arguments.folder / "report.html"
    write_report(report_of_folder(arguments.folder, error=arguments.error), path)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0
