"""Runs at the same time that share nothing: what the processors of a machine give at best."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Backend, Execution, History, Outcome, Settings


class SeparateRuns:
    """A backend that cuts an ensemble into as many runs of its own as there are threads.

    Where these take longer than their share of one run, it is the machine's doing: processors that share
    caches and memory, and other programs.
    """

    def __init__(self, backend: Backend) -> None:
        self.name = backend.name
        self._backend = backend
        self._parts: list[CompiledAssembly] = []

    def run(
        self, compiled: CompiledAssembly, settings: Settings, execution: Execution, history: History
    ) -> Outcome:
        """Simulate each part of the members on one thread; the ensemble must be the same every time."""
        count = execution.threads or 1
        if not self._parts:
            members = np.arange(compiled.member_count)
            self._parts = [compiled.members(numbers) for numbers in np.array_split(members, count)]

        def simulate(part: CompiledAssembly, buffers: History) -> Outcome:
            return self._backend.run(part, settings, replace(execution, threads=1), buffers)

        with ThreadPoolExecutor(count) as pool:
            return _joined(list(pool.map(simulate, self._parts, _parts(history, count))))


def _parts(history: History, count: int) -> list[History]:
    """The buffers of each part, without a copy."""
    cut = {
        field.name: np.array_split(buffer, count)
        for field in fields(History)
        if (buffer := getattr(history, field.name)) is not None
    }
    return [History(**{name: buffers[part] for name, buffers in cut.items()}) for part in range(count)]


def _joined(outcomes: list[Outcome]) -> Outcome:
    """One outcome for all members; path and seconds are those of the first run."""

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(outcome, name) for outcome in outcomes])

    return replace(
        outcomes[0],
        status=column("status"),
        stop_step=column("stop_step"),
        stop_index=column("stop_index"),
        stop_residual=column("stop_residual"),
        max_residual=column("max_residual"),
        newton_iterations=column("newton_iterations"),
        force_evaluations=column("force_evaluations"),
    )
