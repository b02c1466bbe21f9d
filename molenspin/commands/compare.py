"""`molenspin compare A B`: what changed between two results, by how much, with what confidence."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.errors import InvalidValueError
from molenspin.timing import compare_timing, comparison_table, load_timing
from molenspin.timing.comparison import SMALLEST_CHANGE, Change, Comparison

HELP = "compare the timings and the physics of two results"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument("first", type=Path, metavar="A", help="results to compare from (a timing file)")
    parser.add_argument("second", type=Path, metavar="B", help="results to compare with A")
    parser.add_argument(
        "--smallest-change",
        type=float,
        default=SMALLEST_CHANGE,
        metavar="FRACTION",
        help="relative change of a median that counts as one (default: %(default)s)",
    )
    parser.add_argument("--all", action="store_true", help="list the unchanged cases too")


def run(arguments: Namespace) -> int:
    """Print the changes, and how many cases did not change."""
    if not 0 <= arguments.smallest_change < 1:
        raise InvalidValueError(f"--smallest-change {arguments.smallest_change}: must be in [0, 1)")
    comparisons = compare_timing(
        load_timing(arguments.first),
        load_timing(arguments.second),
        smallest_change=arguments.smallest_change,
    )
    listed = [item for item in comparisons if arguments.all or item.change is not Change.NONE]
    if listed:
        print(comparison_table(listed).to_string(index=False))
    print(_summary(comparisons))
    return 0


def _summary(comparisons: list[Comparison]) -> str:
    changes = [comparison.change for comparison in comparisons]
    counts = {change: changes.count(change) for change in Change}
    if counts[Change.NONE] == len(comparisons):
        return f"no change (cases compared: {len(comparisons)})"
    return ", ".join(f"{change}: {count}" for change, count in counts.items() if count)
