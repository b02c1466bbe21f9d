"""Locks of GPUs: shared among users, never a way to another's file, and no silent wait."""

import multiprocessing
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from molenspin.errors import MolenspinError

pytest.importorskip("torch", reason="PyTorch is not installed")

from molenspin.backends.torch import device_locks
from molenspin.backends.torch.device_locks import lock_a_device
from molenspin.backends.torch.devices import claimed_device

NOBODY = 65534


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder like /tmp: all may write, only owners delete."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o1777)
        yield Path(folder)


def lock_of(folder: Path, number: int = 0) -> Path:
    return folder / f"molenspin-cuda-{number}.lock"


def _as_nobody(folder: Path, answers: "multiprocessing.SimpleQueue[str]") -> None:
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    try:
        with claimed_device(folder, 2) as device:
            answers.put(device)
    except Exception as error:
        answers.put(f"{type(error).__name__}: {error}")


def device_of_nobody(folder: Path) -> str:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    process = context.Process(target=_as_nobody, args=(folder, answers))
    process.start()
    answer = answers.get()
    process.join()
    return answer


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_users_share_the_locks(shared: Path):
    before = os.umask(0o077)
    try:
        with claimed_device(shared, 2) as mine:
            assert (mine, device_of_nobody(shared)) == ("cuda:0", "cuda:1")
        assert device_of_nobody(shared) == "cuda:0"
        lock_of(shared, 0).chmod(0)
        assert device_of_nobody(shared) == "cuda:1", "a lock that cannot be opened is another's"
        lock_of(shared, 1).chmod(0)
        assert device_of_nobody(shared).startswith("MolenspinError: lock files of GPUs that cannot be opened")
    finally:
        os.umask(before)


def test_a_lock_is_readable_whatever_the_umask(shared: Path):
    before = os.umask(0o777)
    try:
        with claimed_device(shared, 1):
            assert stat.S_IMODE(lock_of(shared).stat().st_mode) == 0o444
    finally:
        os.umask(before)


def test_nothing_but_a_file_is_a_lock(shared: Path):
    target = shared / "target"
    lock_of(shared, 0).symlink_to(target)
    os.mkfifo(lock_of(shared, 1))
    lock_of(shared, 2).mkdir()
    with claimed_device(shared, 4) as device:
        assert device == "cuda:3"
    with pytest.raises(MolenspinError, match=r"cannot be opened: .*cuda-0.lock .*; delete them, or name"):
        lock_a_device(shared, 3, pytest.fail)
    assert not target.exists()


def test_who_waits_says_so_and_what_to_do(shared: Path, monkeypatch: pytest.MonkeyPatch):
    class StopError(Exception):
        """Ends a wait that would have no end."""

    said = []

    def hear(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            raise StopError

    monkeypatch.setattr(device_locks, "FIRST_NOTICE_SECONDS", 0.0)
    monkeypatch.setattr(device_locks, "NOTICE_SECONDS", 0.01)
    monkeypatch.setattr(device_locks, "POLL_SECONDS", 0.001)
    with claimed_device(shared, 1), pytest.raises(StopError):
        lock_a_device(shared, 1, hear)
    assert all("other jobs hold the locks" in line and "cuda:1" in line for line in said)
