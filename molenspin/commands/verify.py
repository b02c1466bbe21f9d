"""`molenspin verify`: read every chunk of a store, name what is damaged, withdraw it if asked."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.config import load_config
from molenspin.errors import InvalidValueError
from molenspin.project import places_of
from molenspin.store.verification import find_damage, repair

HELP = "read every chunk of a store and name what is damaged"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument(
        "config", type=Path, nargs="?", default=Path("config/config.yaml"), help="configuration"
    )
    parser.add_argument("--store", help="path or URL of a store, instead of the configuration's")
    parser.add_argument(
        "--repair", action="store_true", help="mark what is damaged as not computed: the next run computes it"
    )


def run(arguments: Namespace) -> int:
    """Print the damage; the exit code is 1 if there is any and it was not repaired."""
    if arguments.store and arguments.repair:
        raise InvalidValueError(
            "--repair needs the configuration of the store, for its records: leave out --store"
        )
    places = None if arguments.store else places_of(load_config(arguments.config))
    url = places.store if places else arguments.store
    damages = list(find_damage(url))
    for damage in damages:
        print(damage)
    if not damages:
        print(f"{url}: every chunk is whole")
        return 0
    if places and arguments.repair:
        repair(url, damages, places.records)
        print(f"{len(damages)} damaged chunks withdrawn; run the workflow again to compute them")
        return 0
    print(f"{len(damages)} damaged chunks; `molenspin verify --repair CONFIG` withdraws them")
    return 1
