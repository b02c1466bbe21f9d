"""Locks that share the GPUs of a machine among jobs, also among those of different users.

A lock is a file in the shared folder for temporary files. Whoever comes first makes it readable for all, and
reading is all that locking it needs. The lock ends with its process, however that ends.
"""

import fcntl
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from molenspin.errors import MolenspinError

POLL_SECONDS = 0.2
FIRST_NOTICE_SECONDS = 5.0
NOTICE_SECONDS = 600.0
"""After so long a job that waits says so, and then again and again."""

ADVICE = "or name a free device in execution.device, such as cuda:1"


def lock_a_device(folder: Path, count: int, say: Callable[[str], None]) -> tuple[int, int]:
    """Lock the first free of ``count`` devices; waits while all are taken, and says so.

    Parameters
    ----------
    folder
        Where the lock files are; the same for all jobs.
    count
        Number of devices.
    say
        Called with one line when the wait is long.

    Returns
    -------
    number, handle
        The device, and the open file that holds its lock until it is closed.

    Raises
    ------
    MolenspinError
        If no lock file can be used.
    """
    begin, notice = monotonic(), FIRST_NOTICE_SECONDS
    while True:
        refused = []
        for number in range(count):
            path = folder / f"molenspin-cuda-{number}.lock"
            try:
                handle = _locked(path)
            except OSError as error:
                refused.append(f"{path} ({error.strerror})")
            else:
                if handle is not None:
                    return number, handle
        unusable = f"lock files of GPUs that cannot be opened: {', '.join(refused)}; delete them, {ADVICE}"
        if len(refused) == count:
            raise MolenspinError(unusable)
        if monotonic() - begin > notice:
            notice += NOTICE_SECONDS
            say(
                f"waiting for a GPU: other jobs hold the locks {folder}/molenspin-cuda-*.lock of all {count} "
                f"(`fuser -v FILE` names them); wait or end them, {ADVICE}"
                + (f"; {unusable}" if refused else "")
            )
        sleep(POLL_SECONDS)


def say_on_stderr(line: str) -> None:
    """Tell the user or the log of the job."""
    print(f"molenspin: {line}", file=sys.stderr, flush=True)


def _locked(path: Path) -> int | None:
    """The open and locked file; None where another job has it."""
    handle = _opened(path)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(None, "not a file")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    return handle


def _opened(path: Path) -> int:
    """The lock file, made if it is missing; links are not followed and pipes not waited for."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        pass
    try:
        handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o444)
    except FileExistsError:  # another job was faster
        return os.open(path, flags)
    os.fchmod(handle, 0o444)  # the umask may have taken the right to read
    return handle
