"""`molenspin mills TABLE FOLDER`: assembly files of real windmills from their tooth counts."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.mills.files import write_mill_files

HELP = "turn a table of tooth counts into assembly files"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument("table", type=Path, metavar="TABLE", help="such as data/mills.csv")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="such as config/assemblies")


def run(arguments: Namespace) -> int:
    """Write the files and say how many."""
    paths = write_mill_files(arguments.table, arguments.folder)
    print(f"{arguments.folder}: {len(paths)} assemblies")
    return 0
