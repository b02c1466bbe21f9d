"""One writer at a time: a claim is a lock that the kernel drops when its holder dies, however it dies."""

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from molenspin.errors import MolenspinError


def claims_folder(url: str, records: Path) -> Path:
    """Where claims on a store are: beside it, for all who share it; for an object store, among the records.

    Parameters
    ----------
    url
        Path or URL of the store.
    records
        Folder of the groups' records.
    """
    return records if "://" in url else Path(f"{url}.claims")


@contextmanager
def claim(path: Path, purpose: str) -> Iterator[None]:
    """Hold a claim file; nothing is left to clean up if the holder is killed.

    Parameters
    ----------
    path
        File that stands for what is claimed.
    purpose
        What for, for the message of whoever comes second.

    Raises
    ------
    MolenspinError
        If another process holds it; the message names the process.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise MolenspinError(
                f"{purpose} is already under way: {_describe(file.read())}; wait for it, or stop it first"
            ) from error
        file.seek(0)
        file.truncate()
        json.dump({"host": platform.node(), "pid": os.getpid(), "since": _now()}, file)
        file.flush()
        yield


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _describe(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} on {holder['host']} holds it since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process holds it"
