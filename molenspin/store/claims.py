"""One writer at a time: a claim ends with its holder, however that ends, and nobody must clean up."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from molenspin.store.holders import Holder, refusal
from molenspin.store.leases import check_lease, lease


@dataclass(frozen=True)
class Claim:
    """A claim that is held.

    Parameters
    ----------
    place
        Path or URL of what is claimed.
    lease
        Name of the holder's object on an object store; "" for a kernel lock.
    """

    place: str
    lease: str = ""

    def check(self) -> None:
        """Make sure that it is held still: a kernel lock is, as long as its process lives.

        Raises
        ------
        ClaimLostError
            If it is not: nothing more may be written.
        """
        if self.lease:
            check_lease(self.place, self.lease)


def claim_place(url: str, name: str) -> str:
    """Where a claim on a store is: beside it, for all who share it.

    Parameters
    ----------
    url
        Path or URL of the store.
    name
        What is claimed of it: a group, or the plan.
    """
    return f"{url.rstrip('/')}.claims/{name}.claim"


@contextmanager
def claim(place: str, purpose: str) -> Iterator[Claim]:
    """Hold a claim: a lock of the kernel, or in an object store an object that lapses.

    Parameters
    ----------
    place
        From `claim_place`.
    purpose
        What for, for the message of whoever comes second.

    Raises
    ------
    MolenspinError
        If another process holds it; the message names the process.
    """
    if "://" in place:
        with lease(place, purpose) as name:
            yield Claim(place, name)
    else:
        with _locked(Path(place), purpose):
            yield Claim(place)


@contextmanager
def _locked(path: Path, purpose: str) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise refusal(purpose, _holder(file.read())) from error
        file.seek(0)
        file.truncate()
        json.dump(asdict(Holder.this_process()), file)
        file.flush()
        yield


def _holder(text: str) -> Holder | None:
    with suppress(ValueError):
        return Holder.from_mapping(json.loads(text))
    return None
