"""`molenspin compare A B`: what changed between two results, by how much, with what confidence."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.output.terminal import one_line
from molenspin.store.comparison import compare_stores, store_table
from molenspin.store.parts import find_parts
from molenspin.timing import changed_circumstances, compare_timing, comparison_table, load_timing
from molenspin.timing.comparison import SMALLEST_CHANGE, Change, Comparison

HELP = "compare the timings and the physics of two results"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument(
        "first", metavar="A", help="timing file, store, or folder of a sweep, to compare from"
    )
    parser.add_argument("second", metavar="B", help="the same of another commit or machine")
    parser.add_argument(
        "--smallest-change",
        type=float,
        default=SMALLEST_CHANGE,
        metavar="FRACTION",
        help="relative change of a median that counts as one (default: %(default)s)",
    )
    parser.add_argument("--all", action="store_true", help="list what did not change, too")


def run(arguments: Namespace) -> int:
    """Print what changed in the trajectories and in the timings, whichever both results have."""
    if not 0 <= arguments.smallest_change < 1:
        raise InvalidValueError(f"--smallest-change {arguments.smallest_change}: must be in [0, 1)")
    first, second = find_parts(arguments.first), find_parts(arguments.second)
    if first.store and second.store:
        _print_stores(first.store, second.store, everything=arguments.all)
    if first.timing and second.timing:
        _print_timings(first.timing, second.timing, arguments)
    elif not (first.store and second.store):
        raise MolenspinError(f"{arguments.first} and {arguments.second} hold different kinds of results")
    return 0


def _print_stores(first: str, second: str, *, everything: bool) -> None:
    changes = compare_stores(first, second)
    listed = [change for change in changes if everything or not change.is_none]
    if listed:
        print(store_table(listed).to_string(index=False))
    if all(change.is_none for change in changes):
        count = sum(change.shared for change in changes)
        print(f"trajectories: no change (cases compared: {count})")


def _print_timings(first: Path, second: Path, arguments: Namespace) -> None:
    before, after = load_timing(first), load_timing(second)
    comparisons = compare_timing(before, after, smallest_change=arguments.smallest_change)
    listed = [item for item in comparisons if arguments.all or item.change is not Change.NONE]
    if listed:
        print(comparison_table(listed).to_string(index=False))
    print(f"timings: {_summary(comparisons)}{_resolution(comparisons)}")
    if any(item.change is not Change.NONE for item in comparisons):
        for line in changed_circumstances(before, after):
            print(one_line(line))


def _summary(comparisons: list[Comparison]) -> str:
    changes = [comparison.change for comparison in comparisons]
    counts = {change: changes.count(change) for change in Change}
    if counts[Change.NONE] == len(comparisons):
        return f"no change (cases compared: {len(comparisons)})"
    return ", ".join(f"{change}: {count}" for change, count in counts.items() if count)


def _resolution(comparisons: list[Comparison]) -> str:
    """How large a change would have been told."""
    resolved = sorted(comparison.resolves for comparison in comparisons if comparison.resolves is not None)
    if not resolved:
        return ""
    least, most = (f"{100 * value:.0f}%" for value in (resolved[0], resolved[-1]))
    return "; told is a change above " + (least if least == most else f"{least} to {most}, by case")
