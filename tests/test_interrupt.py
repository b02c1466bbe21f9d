"""Ctrl-C ends a run of the compiled core."""

import signal
import threading

import pytest

import molenspin as ms


def test_interrupt_ends_a_long_run():
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    steps = 10**9
    with pytest.raises(KeyboardInterrupt):
        ms.benchmark_assembly("rig", 4).simulate(
            duration=steps * 1e-3, dt=1e-3, backend="rust", save_every=steps
        )
    timer.join()
