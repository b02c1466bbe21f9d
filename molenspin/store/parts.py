"""What a path that a user names holds: trajectories, timings, or a sweep's folder with both."""

from dataclasses import dataclass
from pathlib import Path

from molenspin.errors import MolenspinError
from molenspin.store.location import OtherFormatError, store_exists
from molenspin.store.places import Places


@dataclass(frozen=True)
class ResultParts:
    """Parts of a result; at least one is there.

    Parameters
    ----------
    store
        Path or URL of the Zarr store of trajectories.
    timing
        File of raw timings.
    """

    store: str | None
    timing: Path | None


def find_parts(place: str) -> ResultParts:
    """Tell what is at a path or URL: a timing file, a store, or the folder of a sweep.

    Raises
    ------
    MolenspinError
        If none of them is there.
    """
    path = Path(place)
    if path.is_file():
        return ResultParts(store=None, timing=path)
    places = Places.in_folder(path)
    holds_store, timing = Path(places.store).exists(), places.timing
    if holds_store or timing.is_file():
        held = places.store if holds_store and store_exists(places.store) else None
        return ResultParts(store=held, timing=timing if timing.is_file() else None)
    if not _is_store(place):
        raise MolenspinError(f"{place}: no timing file, no store of results, and no folder that holds one")
    return ResultParts(store=place, timing=None)


def _is_store(place: str) -> bool:
    try:
        return store_exists(place)
    except OtherFormatError:
        raise
    except MolenspinError:
        return False
