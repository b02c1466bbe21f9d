"""`molenspin prune`: remove from a store what no configuration asks for, after asking."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from molenspin.config import load_config
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.output.terminal import one_line
from molenspin.pipeline.project import places_of
from molenspin.store.pruning import Surplus, find_surplus, prune
from molenspin.store.selection import Selection, select
from molenspin.sweep.cases import expand

HELP = "remove cases from a store that no configuration asks for; asks before it deletes"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument(
        "config",
        type=Path,
        nargs="+",
        help="configurations that share the store: what one of them asks for is kept",
    )
    parser.add_argument("--yes", action="store_true", help="delete without asking")


def run(arguments: Namespace) -> int:
    """List what would go, ask, delete; the exit code is 1 if the answer was no."""
    url, kept = _asked_for(arguments.config)
    surplus = find_surplus(url, kept)
    if not surplus:
        print(f"{url}: holds nothing else than what is asked for")
        return 0
    for item in surplus:
        print(_line(item))
    count = sum(item.case_count for item in surplus)
    if not (arguments.yes or _agrees(f"delete these {count} cases from {url}? [y/N] ")):
        print("nothing was deleted")
        return 1
    prune(url, surplus)
    print(f"{count} cases deleted")
    return 0


def _asked_for(configs: Sequence[Path]) -> tuple[str, list[Selection]]:
    """The store that the configurations share, and what they ask for."""
    loaded = [load_config(path) for path in configs]
    urls = {places_of(config).store for config in loaded}
    if len(urls) > 1:
        raise InvalidValueError(f"the configurations have different stores: {', '.join(sorted(urls))}")
    return urls.pop(), [item for config in loaded for item in select(config, expand(config))]


def _line(surplus: Surplus) -> str:
    whole = "the whole node" if surplus.is_whole else f"{len(surplus.chunks)} of its batches"
    return f"{one_line(surplus.node)}: {surplus.case_count} cases not asked for ({whole})"


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        raise MolenspinError("prune asks before it deletes, and there is no terminal: give --yes to delete")
    return input(question).strip().lower() in ("y", "yes")
