"""Ctrl-C ends a run of the compiled core."""

import signal
import threading

import pytest

import molenspin as ms
from molenspin.backends import registry


def test_interrupt_ends_a_long_run(monkeypatch):
    backend = type(registry.get_backend("rust"))
    run, timer = backend.run, threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])

    def interrupted(*arguments):
        timer.start()
        return run(*arguments)

    monkeypatch.setattr(backend, "run", interrupted)
    steps = 10**9
    with pytest.raises(KeyboardInterrupt):
        ms.benchmark_assembly("rig", 4).simulate(
            duration=steps * 1e-3, dt=1e-3, backend="rust", save_every=steps
        )
    timer.join()
