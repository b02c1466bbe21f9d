"""Run times of an assembly on several backends, measured on runs that are short enough to repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from molenspin.assembly.assembly import Assembly
from molenspin.backends.protocol import Execution, History, Settings
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import simulation_settings
from molenspin.integrators import Integrator
from molenspin.simulation.history import allocate_history
from molenspin.timing.rounds import Schedule, run_rounds
from molenspin.timing.statistics import Estimate, median_estimate

TIMED_STEPS = {"numpy": 200}
FASTEST_TIMED_STEPS = 20_000
"""Steps that are timed at most; a longer run costs as much more as it has more steps."""

SCHEDULE = Schedule(repeats=9, warm_up=0.05, budget=1.5)


class _TimedRun:
    """A run on one backend, shortened where it is long."""

    def __init__(self, assembly: Assembly, settings: Settings, backend: str) -> None:
        limit = TIMED_STEPS.get(backend, FASTEST_TIMED_STEPS)
        self._settings = replace(settings, step_count=min(settings.step_count, limit))
        self.scale = settings.step_count / self._settings.step_count
        self._compiled, self._backend = assembly.compile(), get_backend(backend)
        self._history: History = allocate_history(self._compiled, self._settings, reaction=False)

    def prepare(self) -> None:
        """Nothing: the buffers are overwritten."""

    def run(self) -> float:
        """Run once; the result is the time measured inside the backend [s]."""
        execution = Execution(threads=1)
        return self._backend.run(self._compiled, self._settings, execution, self._history).elapsed


def run_times(
    assembly: Assembly, duration: float, steps: Mapping[Integrator, int], backends: Sequence[str]
) -> dict[tuple[Integrator, str], Estimate]:
    """Seconds of a whole run by integrator and backend, in interleaved rounds.

    Parameters
    ----------
    assembly
        What to simulate.
    duration
        Time simulated [s].
    steps
        Steps over the duration, by integrator.
    backends
        Backends to time.
    """
    runs = {
        (integrator, backend): _TimedRun(assembly, _settings(integrator, duration, count), backend)
        for integrator, count in steps.items()
        for backend in backends
    }
    samples = run_rounds({f"{i} {b}": run for (i, b), run in runs.items()}, SCHEDULE)
    return {
        (integrator, backend): median_estimate(
            [wall * run.scale for wall in samples[f"{integrator} {backend}"].wall]
        )
        for (integrator, backend), run in runs.items()
    }


def _settings(integrator: Integrator, duration: float, step_count: int) -> Settings:
    return simulation_settings(
        duration=duration,
        dt=duration / step_count,
        integrator=str(integrator),
        save_every=max(1, step_count // 20),
    )
