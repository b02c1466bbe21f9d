"""Who holds a claim: a process that others can name, and that those on its machine can see alive or dead."""

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from molenspin.errors import MolenspinError

PID_LIMIT = 2**31


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A process that holds a claim, or wants it.

    Parameters
    ----------
    host, pid
        Where it runs, for people.
    since
        When it took the claim, UTC, for people.
    kernel
        The running kernel and the processes that it shows to this one; "" where nothing tells.
    start
        When the process started, in the kernel's clock: a number may be given out again.
    """

    host: str
    pid: int
    since: str
    kernel: str = ""
    start: str = ""

    @classmethod
    def this_process(cls) -> Self:
        """The process that asks."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        start = _start_of(os.getpid())
        return cls(host=platform.node(), pid=os.getpid(), since=since, kernel=_kernel(), start=start)

    @classmethod
    def from_mapping(cls, content: object) -> Self | None:
        """What a claim says of its holder; None if no holder wrote it."""
        try:
            holder = cls(**content)  # type: ignore[arg-type]
        except TypeError:
            return None
        return holder if isinstance(holder.pid, int) and 0 < holder.pid < PID_LIMIT else None

    @property
    def is_alive(self) -> bool | None:
        """Whether the process lives; None where this cannot be seen from here."""
        if not self.kernel or self.kernel != _kernel():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # another user's: its start may be hidden
            return None
        return _start_of(self.pid) == self.start

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} holds it since {self.since}"


class ClaimHeldError(MolenspinError):
    """Another process holds the claim."""


def refusal(purpose: str, holder: Holder | None) -> ClaimHeldError:
    """What whoever comes second is told."""
    named = holder or "another process holds it"
    return ClaimHeldError(f"{purpose} is already under way: {named}; wait for it, or stop it first")


def _kernel() -> str:
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return ""


def _start_of(pid: int) -> str:
    """Start of a process that runs, "" if none has that number."""
    with suppress(OSError):
        # After the name, which may hold anything, comes the state; the start is the 20th field from there.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        state, start = fields.split()[0], fields.split()[19]
        return "" if state in "ZX" else start
    return ""
