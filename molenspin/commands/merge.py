"""`molenspin merge A B -o C`: results of several machines in one."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.errors import MolenspinError
from molenspin.output.terminal import one_line
from molenspin.store.merging import merge_stores
from molenspin.store.parts import ResultParts, find_parts
from molenspin.store.places import Places
from molenspin.timing import load_timing, merge_timing

HELP = "merge the results of two machines into one"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument("first", metavar="A", help="timing file, store, or folder of a sweep")
    parser.add_argument("second", metavar="B", help="the same of another machine")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="C",
        help="file, store or folder to write: of the kind of A and B",
    )


def run(arguments: Namespace) -> int:
    """Merge what both results have, trajectories and timings, and say what came of it."""
    first, second = find_parts(arguments.first), find_parts(arguments.second)
    target = _target(arguments.output, first)
    if first.store and second.store and target.store:
        count = merge_stores(first.store, second.store, target.store)
        print(f"{target.store}: {count} cases")
    if first.timing and second.timing and target.timing:
        _merge_timings(first.timing, second.timing, target.timing)
    elif not (first.store and second.store):
        raise MolenspinError(f"{arguments.first} and {arguments.second} hold different kinds of results")
    return 0


def _target(output: str, like: ResultParts) -> ResultParts:
    """Where the merged parts go: a sweep's folder gets both parts, else the output is the part itself."""
    if like.store and like.timing:
        places = Places.in_folder(Path(output))
        return ResultParts(places.store, places.timing)
    return ResultParts(output if like.store else None, Path(output) if like.timing else None)


def _merge_timings(first: Path, second: Path, target: Path) -> None:
    merged = merge_timing(load_timing(first), load_timing(second))
    target.parent.mkdir(parents=True, exist_ok=True)
    merged.save(target)
    machines = sorted({environment.machine for environment in merged.environments})
    print(f"{target}: {len(merged.records)} timings from {one_line(', '.join(machines))}")
