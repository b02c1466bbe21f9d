"""One writer at a time: a claim ends with its holder, however that ends, and nobody must clean up."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from molenspin.store.holders import Holder, refusal
from molenspin.store.leases import ClaimLostError, check_lease, lease


@dataclass(frozen=True)
class Claim:
    """A claim that is held.

    Parameters
    ----------
    place
        Path or URL of what is claimed.
    token
        What its holder wrote there: into the lock file, or as the name of an object.
    """

    place: str
    token: str = ""

    def check(self) -> None:
        """Make sure that nobody else holds it; to be asked before each write under it, on whatever machine.

        A kernel lock ends with its process, but its threads, or its workers elsewhere, may be late to notice.

        Raises
        ------
        ClaimLostError
            If it was lost: nothing more may be written.
        """
        if "://" in self.place:
            check_lease(self.place, self.token)
        elif _written(Path(self.place)) != self.token:
            raise ClaimLostError(
                f"{self.place}: the claim has ended, and may be held by others; nothing more was written: "
                "run again"
            )


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
        with lease(place, purpose) as token:
            yield Claim(place, token)
    else:
        with _locked(Path(place), purpose) as token:
            yield Claim(place, token)


@contextmanager
def _locked(path: Path, purpose: str) -> Iterator[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise refusal(purpose, _holder(file.read())) from error
        token = json.dumps(asdict(Holder.this_process()))
        file.seek(0)
        file.truncate()
        file.write(token)
        file.flush()
        os.fsync(file.fileno())  # for workers that see it through another machine
        yield token


def _written(path: Path) -> str | None:
    with suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8", errors="replace")
    return None


def _holder(text: str) -> Holder | None:
    with suppress(ValueError):
        return Holder.from_mapping(json.loads(text))
    return None
