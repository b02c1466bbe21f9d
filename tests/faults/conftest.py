"""A sweep of its own for each test, and what it leaves behind when nothing disturbs it."""

import os
import time
from functools import cache
from pathlib import Path

import pytest
from fragile_sweep import PACES, Sweep
from run_sweep import run_sweep


@pytest.fixture(params=PACES)
def backend(request):
    return request.param


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory):
    """What a run that nothing disturbs leaves behind, by backend."""

    @cache
    def results(backend):
        sweep = Sweep(tmp_path_factory.mktemp("uninterrupted"), backend)
        assert run_sweep(sweep.config) == 12
        return sweep.results()

    return results


@pytest.fixture
def control_group():
    """A function that makes a control group of so many bytes of memory, and gives the file to enter it by."""
    first, second = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    root, limit = (first, "memory.limit_in_bytes") if first.is_dir() else (second, "memory.max")
    group = root / f"molenspin-test-{os.getpid()}"

    def make(byte_count):
        (group / limit).write_text(str(byte_count))
        return group / "cgroup.procs"

    try:
        group.mkdir()
        make(2**40)
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"control groups of memory cannot be made here: {error}")
    try:
        yield make
    finally:
        while (group / "cgroup.procs").read_text():  # those that nobody waits for leave it a moment later
            time.sleep(0.05)
        group.rmdir()
