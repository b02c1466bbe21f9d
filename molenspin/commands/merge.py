"""`molenspin merge A B -o C`: results of several machines in one."""

from argparse import ArgumentParser, Namespace
from functools import reduce
from pathlib import Path

from molenspin.timing import load_timing, merge_timing

HELP = "merge the results of several machines into one file"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument("results", type=Path, nargs="+", metavar="RESULTS", help="timing files to merge")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="C", help="file to write")


def run(arguments: Namespace) -> int:
    """Write the merged results and say what they hold."""
    merged = reduce(merge_timing, [load_timing(path) for path in arguments.results])
    merged.save(arguments.output)
    machines = sorted({environment.machine for environment in merged.environments})
    print(f"{arguments.output}: {len(merged.records)} records from {', '.join(machines)}")
    return 0
