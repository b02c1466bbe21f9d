"""One backend on one workload as something to time, with what it computed and the memory that it took."""

from dataclasses import fields

from molenspin.backends.protocol import Outcome
from molenspin.backends.registry import DEVICE_BACKENDS
from molenspin.backends.workload import Contender, Workload
from molenspin.simulation.history import allocate_history
from molenspin.timing.memory import PeakMemory, give_back_idle_memory, peak_memory
from molenspin.timing.physics import Computed, forget


class SimulationTask:
    """One contender on one workload, as `run_rounds` wants it."""

    def __init__(self, workload: Workload, contender: Contender) -> None:
        self._workload = workload
        self._contender = contender
        self._history = allocate_history(workload.compiled, workload.settings, reaction=False)
        self.outcome: Outcome | None = None
        self.peak = PeakMemory()

    def prepare(self) -> None:
        """Forget the last results; before the first run, give idle memory back too."""
        if self.outcome is None:
            give_back_idle_memory()
        forget(self._history)

    def run(self) -> float:
        """Simulate once; return the seconds measured inside the backend."""
        if self.outcome is None:
            with peak_memory() as self.peak:
                outcome = self._simulate()
        else:
            outcome = self._simulate()
        self.outcome = outcome
        return outcome.elapsed

    def _simulate(self) -> Outcome:
        workload, contender = self._workload, self._contender
        return contender.backend.run(workload.compiled, workload.settings, contender.execution, self._history)

    @property
    def host_bytes(self) -> int | None:
        """Result buffers and what the first run needed beyond them; None where that cannot be told."""
        buffers = (getattr(self._history, field.name) for field in fields(self._history))
        results = sum(buffer.nbytes for buffer in buffers if buffer is not None)
        return None if self.peak.bytes is None else results + self.peak.bytes

    @property
    def device_bytes(self) -> int | None:
        """What the first run needed on a GPU; None without one."""
        uses_devices = self._contender.backend.name in DEVICE_BACKENDS
        return self.peak.device_bytes if uses_devices else None

    @property
    def computed(self) -> Computed | None:
        """What the last run left; None where none came to its end."""
        if self.outcome is None:
            return None
        return Computed(history=self._history, outcome=self.outcome, dtype=self._contender.execution.dtype)
