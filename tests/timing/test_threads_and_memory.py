import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import threadpool_info
from timing_fakes import environment

from molenspin.errors import InvalidValueError
from molenspin.timing.environment import read_environment
from molenspin.timing.memory import give_back_idle_memory, peak_memory
from molenspin.timing.threads import THREAD_VARIABLES, pinned_threads


def test_threads_are_pinned_inside_and_restored_after(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = os.sched_getaffinity(0)
    with pinned_threads(1) as pinning:
        assert len(os.sched_getaffinity(0)) == len(pinning.processors) == 1
        assert all(pool["num_threads"] == 1 for pool in threadpool_info())
        assert pinning.variables == dict.fromkeys(THREAD_VARIABLES, "1")
    assert os.sched_getaffinity(0) == before
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_no_threads_is_refused():
    with pytest.raises(InvalidValueError, match="threads = 0"), pinned_threads(0):
        pass


def test_environment_says_where_and_with_what():
    with pinned_threads(1) as pinning:
        found = read_environment(pinning)
    assert found.machine.endswith(f"({found.cpu_model})")
    assert found.session.startswith(f"{found.machine} 20")
    assert found.cpu_model
    assert found.versions["numpy"] == np.__version__


@pytest.mark.parametrize(("load", "busy"), [(0.4, False), (1.5, True), (None, False)])
def test_machine_is_busy_where_others_need_its_processors(load, busy):
    quiet = environment()  # two processors, one of them asked for
    assert replace(quiet, load=load and (load, 0.0, 0.0)).is_busy is busy


def test_peak_memory_sees_a_block_that_is_gone_at_the_end():
    give_back_idle_memory()
    with peak_memory() as peak:
        np.ones(50_000_000 // 8).sum()
    assert peak.bytes is None or 45e6 < peak.bytes < 80e6


def small_arrays(count=400):
    return [np.ones(8_000) for _ in range(count)]  # 64 kB each: from the heap, which the process keeps


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")
def test_peak_memory_sees_what_an_earlier_block_has_left_on_the_heap():
    before = small_arrays()
    pins = before[::2]  # the heap cannot shrink from its end
    del before
    give_back_idle_memory()
    with peak_memory() as peak:
        small_arrays(count=200)
    del pins
    assert 11e6 < peak.bytes < 20e6


class FakeDevice:
    """`torch.cuda` of a process that computes on a GPU."""

    def __init__(self):
        self.allocated, self.peak = 3_000_000, 9_000_000

    def is_initialized(self):
        return True

    def reset_peak_memory_stats(self):
        self.peak = self.allocated

    def memory_allocated(self):
        return self.allocated

    def max_memory_allocated(self):
        return self.peak


def test_peak_of_a_device_is_what_the_block_added(monkeypatch):
    device = FakeDevice()
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=device))
    with peak_memory() as peak:
        device.peak = 5_000_000
    assert peak.device_bytes == 2_000_000


def test_without_a_device_there_is_no_peak_of_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with peak_memory() as peak:
        pass
    assert peak.device_bytes is None
