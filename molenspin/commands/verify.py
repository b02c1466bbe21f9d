"""`molenspin verify`: read all of a store, name what is damaged, restore or withdraw it if asked."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from molenspin.config import load_config
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.pipeline.project import places_of
from molenspin.store.places import Places
from molenspin.store.repair import repair
from molenspin.store.verification import Damage, find_damage, find_damaged_records

PASSES = 3

HELP = "read every chunk of a store and name what is damaged"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument(
        "config", type=Path, nargs="?", default=Path("config/config.yaml"), help="configuration"
    )
    parser.add_argument("--store", help="path or URL of a store, instead of the configuration's")
    parser.add_argument(
        "--repair",
        action="store_true",
        help="restore what can be, and mark the rest as not computed: the next run computes it",
    )


def run(arguments: Namespace) -> int:
    """Print the damage; the exit code is 1 if there is any and it was not repaired."""
    if arguments.store and arguments.repair:
        raise InvalidValueError(
            "--repair needs the configuration of the store, for its records: leave out --store"
        )
    places = None if arguments.store else places_of(load_config(arguments.config))
    url = places.store if places else arguments.store
    damages = [
        *_shown(find_damage(url, places.records if places else None)),
        *_shown(_damaged_records(places)),
    ]
    if not damages:
        print(f"{url}: every chunk is whole")
        return 0
    if places and arguments.repair:
        _repair(url, places, damages)
        return 0
    print(f"{len(damages)} damaged files; `molenspin verify --repair CONFIG` restores or withdraws them")
    return 1


def _shown(damages: Iterable[Damage]) -> Iterator[Damage]:
    for damage in damages:
        print(damage)
        yield damage


def _damaged_records(places: Places | None) -> Iterator[Damage]:
    return find_damaged_records(places.records, places.summary) if places else iter(())


def _repair(url: str, places: Places, damages: Sequence[Damage]) -> None:
    """Repair, and look again: what a damaged description hid is found once that is restored."""
    count = 0
    for _ in range(PASSES):
        repair(url, damages, places.records)
        count += len(damages)
        damages = list(_shown(find_damage(url, places.records)))
        if not damages:
            print(f"{count} damaged files restored or withdrawn; run the workflow again")
            return
    raise MolenspinError(f"{url}: repairing did not help; move the store away and run again")
