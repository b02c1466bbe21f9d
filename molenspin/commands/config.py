"""`molenspin config`: print the default configuration, or write the files generated from the models."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.config import load_config
from molenspin.config.generate import default_file, schema_file, write_generated

HELP = "print the default configuration or its schema, or check a file"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--schema", action="store_true", help="print the JSON schema instead")
    action.add_argument("--check", type=Path, metavar="FILE", help="check a configuration file")
    action.add_argument(
        "--write",
        type=Path,
        metavar="FOLDER",
        nargs="?",
        const=Path("config"),
        help="write config.yaml, schema.json and the table of keys in README.md (default folder: config)",
    )


def run(arguments: Namespace) -> int:
    """Print, check or write."""
    if arguments.write:
        write_generated(arguments.write)
    elif arguments.check:
        print(f"{arguments.check}: {load_config(arguments.check).name} is valid")
    else:
        print(schema_file() if arguments.schema else default_file(), end="")
    return 0
