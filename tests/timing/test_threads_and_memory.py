import os
import platform
import sys
from dataclasses import replace
from math import sin
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import threadpool_info
from timing_fakes import environment

from molenspin.errors import InvalidValueError
from molenspin.timing import environment as timing_environment
from molenspin.timing import memory
from molenspin.timing.calibration import calibration_kernel
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


@pytest.mark.parametrize(("threads", "used"), [(1, {7}), (2, {5, 7}), (9, {2, 5, 7})])
def test_the_last_processors_are_used_as_the_first_serve_interrupts(monkeypatch, threads, used):
    allowed = {5, 2, 7}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(allowed))
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, given: (allowed.clear(), allowed.update(given)))
    with pinned_threads(threads) as pinning:
        assert set(pinning.processors) == allowed == used
        assert (pinning.threads, pinning.variables["OMP_NUM_THREADS"]) == (threads, str(threads))
    assert allowed == {2, 5, 7}


def test_a_system_that_cannot_say_its_processors_is_pinned_by_variables_alone(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.delattr(os, "sched_setaffinity")
    with pinned_threads(1) as pinning:
        assert pinning.processors == ()
        assert os.environ["RAYON_NUM_THREADS"] == "1"


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


@pytest.mark.parametrize(
    ("processors", "load", "busy"),
    [(2, 1.0, False), (2, 1.1, True), (2, None, False), (8, 6.9, False), (1, 0.5, False), (1, 0.6, True)],
)
def test_machine_is_busy_where_others_need_its_processors(processors, load, busy):
    place = replace(environment(), cpu_count=processors)  # one of them asked for
    assert replace(place, load=load and (load, 9.0, 9.0)).is_busy is busy


def test_environment_without_anything_to_read_is_still_recorded(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.delattr(os, "getloadavg")
    monkeypatch.setattr(platform, "node", lambda: "")
    monkeypatch.setattr(timing_environment, "_GOVERNOR", tmp_path / "absent")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = read_environment(environment().threads)
    assert found.machine == f"unnamed ({found.cpu_model})"
    assert (found.cpu_count, found.load, found.governor, found.devices) == (1, None, None, ())
    assert read_environment(environment().threads, machine="mill").machine == "mill"


@pytest.mark.parametrize(
    ("table", "processor", "expected"),
    [
        ("flags\t: a\nmodel name\t: First : 2 GHz\nmodel name\t: Second\n", "i386", "First : 2 GHz"),
        ("flags\t: a\n", "i386", "i386"),
        (None, "i386", "i386"),
        (None, "", "arm64"),
    ],
)
def test_environment_names_the_processor_by_whatever_says_it(
    monkeypatch, tmp_path, table, processor, expected
):
    cpuinfo = tmp_path / "cpuinfo"
    if table is not None:
        cpuinfo.write_text(table)
    monkeypatch.setattr(timing_environment, "Path", lambda _: cpuinfo)
    monkeypatch.setattr(platform, "processor", lambda: processor)
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert read_environment(environment().threads).cpu_model == expected


def test_environment_names_devices_with_their_drivers_and_the_governor(monkeypatch, tmp_path):
    tool, governor = tmp_path / "nvidia-smi", tmp_path / "governor"
    tool.write_text("#!/bin/sh\necho 'H100, 580.1'; echo; echo 'A2, 570.2'; exit 3\n")
    tool.chmod(0o755)
    governor.write_text("powersave\n")
    monkeypatch.setattr(timing_environment, "_GOVERNOR", governor)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = read_environment(environment().threads)
    assert found.devices == ("H100, driver 580.1", "A2, driver 570.2")
    assert found.governor == "powersave"
    assert found.cpu_count == os.cpu_count()
    assert found.load is not None


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


@pytest.mark.parametrize(("peak", "added"), [(3_000, 2_000 * 1024), (1_000, 0), (900, 0)])
def test_peak_memory_is_what_the_kernel_counted_above_the_start(monkeypatch, tmp_path, peak, added):
    status, reset = tmp_path / "status", tmp_path / "clear_refs"
    status.write_text("VmPeak:\t 9000 kB\nVmRSS:\t 1000 kB\n")
    monkeypatch.setattr(memory, "_STATUS", status)
    monkeypatch.setattr(memory, "_RESET", reset)
    with peak_memory() as measured:
        assert reset.read_text() == "5"
        status.write_text(f"VmPeak:\t 9000 kB\nVmHWM:\t {peak} kB\nVmRSS:\t 1000 kB\n")
    assert measured.bytes == added


def test_peak_memory_is_unknown_where_the_kernel_does_not_count_it(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_RESET", tmp_path / "absent" / "clear_refs")
    with peak_memory() as measured:
        pass
    assert measured.bytes is None


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


def test_a_torch_that_has_no_device_in_use_is_left_alone(monkeypatch):
    idle = FakeDevice()
    monkeypatch.setattr(idle, "is_initialized", lambda: False)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=idle))
    with peak_memory() as peak:
        pass
    assert (peak.device_bytes, idle.peak) == (None, 9_000_000)


def test_without_a_device_there_is_no_peak_of_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with peak_memory() as peak:
        pass
    assert peak.device_bytes is None


def test_calibration_is_the_same_work_every_time():
    """The mean of an even vector, its sine taken 150 times, and 80,000 numbers of 1.5 on average."""
    value = 0.5
    for _ in range(150):
        value = sin(value)
    assert calibration_kernel() == pytest.approx(120_000 + value, abs=1e-9)
