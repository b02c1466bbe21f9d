"""Claims on an object store, where no kernel locks: an object that its holder renews, and that lapses if not.

Who wants a claim writes an object of its own, then lists all: it holds the claim once it sees nobody else. Of
two that do so at once, at least one sees the other. All this needs is a list that shows what was written
before it, as S3 gives. Conditions on writes, which some servers ignore, are not used, and no object is
overwritten: what a process does stands in the name, ``TOKEN-000001-asks`` or ``TOKEN-000002-holds``, and a
renewal is the next one. No clocks are compared: whoever waits sees for itself, look by look, that a name did
not change for the time of a lease; time in which it stood still itself holds no looks, and does not count.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import count
from secrets import token_hex
from threading import Event, Thread
from typing import Any

from molenspin.errors import MolenspinError
from molenspin.store.holders import Holder, refusal
from molenspin.store.location import open_remote, storage_errors

RENEWAL_SECONDS = 5.0
"""A holder renews its object so often."""

LEASE_SECONDS = 30.0
"""An object that was not renewed for so long has lapsed."""

POLL_SECONDS = 0.5
"""Whoever waits for others to lapse or to give way looks so often."""


class ClaimLostError(MolenspinError):
    """A process that held a claim was silent for so long that another may hold it."""


@contextmanager
def lease(place: str, purpose: str) -> Iterator[str]:
    """Hold a claim on an object store.

    Parameters
    ----------
    place
        URL under which all who want this claim write their objects.
    purpose
        What for, for the message of whoever comes second.

    Yields
    ------
    str
        Token of this holder, for `check_lease`.

    Raises
    ------
    MolenspinError
        If another process holds it; the message names the process.
    """
    own = _Claimant(place)
    try:
        own.wait_for_turn(purpose)
        own.write(holds=True)
        # A process that stood still between the two may have been overtaken, so each looks once more.
        if holders := [entry for entry in own.others() if entry.holds]:
            raise refusal(purpose, _holder(place, holders[0]))
        with own.renewed():
            yield own.token
    finally:
        with suppress(*storage_errors()):  # then it lapses
            _delete(place, own.token)


def check_lease(place: str, token: str) -> None:
    """Make sure that a claim is held still; to be asked before each write under it, on whatever machine.

    Raises
    ------
    ClaimLostError
        If it lapsed.
    """
    entries = _entries(place)
    if token not in entries or any(entry.holds for entry in entries.values() if entry.token != token):
        raise ClaimLostError(
            f"{place}: the claim lapsed, not renewed for {LEASE_SECONDS:g} s, and may be held by others; "
            "nothing more was written: run again"
        )


@dataclass(frozen=True)
class _Entry:
    """The newest object of a process: whether it holds the claim or asks for it, and how often it wrote."""

    name: str
    token: str
    holds: bool
    writes: int


@dataclass
class _Claimant:
    """A process that wants the claim, under a token that no other has.

    Its names grow, so that a list that goes by name meets the next one if it missed the one before.
    """

    place: str
    token: str = field(default_factory=lambda: token_hex(8))
    holder: Holder = field(default_factory=Holder.this_process)
    writes: int = 0
    name: str = ""

    def write(self, *, holds: bool) -> None:
        """Write the next object, and delete the one before it."""
        former = self.name
        self.writes += 1
        self.name = f"{self.token}-{self.writes:06}-{'holds' if holds else 'asks'}"
        _store(self.place).put(self.name, json.dumps(asdict(self.holder)).encode())
        if former:
            _store(self.place).delete(former)

    def others(self) -> list[_Entry]:
        return [entry for entry in _entries(self.place).values() if entry.token != self.token]

    def wait_for_turn(self, purpose: str) -> None:
        """Ask until nobody else is there; give way to a holder, and to whoever asks under a smaller token."""
        first_seen: dict[str, tuple[_Entry, int]] = {}
        for look in count():
            self.write(holds=False)
            others = self.others()
            if not others:
                return
            for entry in others:
                first, since = first_seen.setdefault(entry.token, (entry, look))
                has_lapsed = entry == first and (look - since) * POLL_SECONDS >= LEASE_SECONDS
                holder = _holder(self.place, entry)
                is_alive = holder.is_alive if holder else None
                if has_lapsed or is_alive is False:
                    _delete(self.place, entry.token)
                elif (is_alive or entry != first) and (entry.holds or entry.token < self.token):
                    raise refusal(purpose, holder)
            time.sleep(POLL_SECONDS)

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew from a thread."""
        stop = Event()
        thread = Thread(target=self._renew, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()  # it must not write after the last object is deleted

    def _renew(self, stop: Event) -> None:
        while not stop.wait(RENEWAL_SECONDS):
            try:
                check_lease(self.place, self.token)
                self.write(holds=True)
            except ClaimLostError:
                return  # whoever writes next finds out
            except storage_errors():
                continue  # the next time may do


@lru_cache(maxsize=64)
def _store(place: str) -> Any:  # noqa: ANN401  (obstore need not be installed)
    return open_remote(place)


def _entries(place: str) -> dict[str, _Entry]:
    """The newest object of each process, by token."""
    names = (item["path"] for part in _store(place).list() for item in part)
    entries = sorted(map(_entry, names), key=lambda entry: entry.writes)
    return {entry.token: entry for entry in entries}


def _entry(name: str) -> _Entry:
    """What a name says; one of a stranger holds the claim until it lapses."""
    if parts := re.fullmatch(r"([0-9a-f]{16})-([0-9]{6,18})-(asks|holds)", name):
        return _Entry(name, parts[1], parts[3] == "holds", int(parts[2]))
    return _Entry(name, name, holds=True, writes=0)


def _holder(place: str, entry: _Entry) -> Holder | None:
    """The process behind an object; None if it says nothing, or is gone."""
    with suppress(ValueError, *storage_errors()):
        return Holder.from_mapping(json.loads(bytes(_store(place).get(entry.name).bytes())))
    return None


def _delete(place: str, token: str) -> None:
    """Delete all objects of a process."""
    names = [item["path"] for part in _store(place).list() for item in part]
    for name in names:
        if _entry(name).token == token:
            _store(place).delete(name)
