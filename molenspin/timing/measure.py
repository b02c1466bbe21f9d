"""Time backends on workloads: rounds, then physics, then records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from molenspin.backends.protocol import Outcome
from molenspin.backends.workload import Contender, Workload
from molenspin.errors import InvalidValueError
from molenspin.history import allocate_history
from molenspin.integrators import Integrator
from molenspin.timing.clock import Clock, monotonic_clock
from molenspin.timing.environment import Environment
from molenspin.timing.memory import peak_memory
from molenspin.timing.physics import Computed, angle_error, forget, judge
from molenspin.timing.records import Physics, TimingCase, TimingRecord, TimingResults, Verdict
from molenspin.timing.rounds import Samples, Schedule, run_rounds

REFERENCE_REFINEMENT = 4
"""The reference is computed with a step this many times smaller, by rk4."""


class _SimulationTask:
    """One contender on one workload, as `run_rounds` wants it."""

    def __init__(self, workload: Workload, contender: Contender) -> None:
        self._workload = workload
        self._contender = contender
        self._history = allocate_history(workload.compiled, workload.settings, reaction=False)
        self.outcome: Outcome | None = None
        self.peak_memory: int | None = None

    def prepare(self) -> None:
        forget(self._history)

    def run(self) -> float:
        if self.outcome is None:
            with peak_memory() as peak:
                outcome = self._simulate()
            self.peak_memory = peak.bytes
        else:
            outcome = self._simulate()
        self.outcome = outcome
        return outcome.elapsed

    def _simulate(self) -> Outcome:
        workload, contender = self._workload, self._contender
        return contender.backend.run(workload.compiled, workload.settings, contender.execution, self._history)

    @property
    def computed(self) -> Computed | None:
        if self.outcome is None:
            return None
        return Computed(history=self._history, outcome=self.outcome, dtype=self._contender.execution.dtype)


def case_of(workload: Workload) -> TimingCase:
    """Return the value that identifies the workload in results."""
    return TimingCase(
        assembly=workload.assembly,
        body_count=workload.compiled.body_count,
        member_count=workload.compiled.member_count,
        integrator=workload.settings.integrator,
        dt=workload.settings.dt,
        step_count=workload.settings.step_count,
        save_every=workload.settings.save_every,
    )


def measure(
    workloads: Sequence[Workload],
    contenders: Sequence[Contender],
    environment: Environment,
    *,
    schedule: Schedule,
    trusted: str | None = None,
    clock: Clock = monotonic_clock,
    progress: Callable[[str], None] = lambda _: None,
) -> TimingResults:
    """Time all contenders on all workloads, one workload after the other.

    Parameters
    ----------
    workloads, contenders
        What to simulate, and by whom.
    environment
        From `read_environment`, taken before the first run.
    schedule
        Repeats, warm-up, budget and seed.
    trusted
        Label of the contender that the others are compared with; the first one by default.
    clock
        Source of seconds.
    progress
        Called with one line before each workload.
    """
    if not contenders:
        raise InvalidValueError("contenders: at least one backend is needed")
    timer = _Timer(contenders, environment.session, schedule, trusted or contenders[0].label, clock)
    records: list[TimingRecord] = []
    for number, workload in enumerate(workloads, start=1):
        progress(f"[{number}/{len(workloads)}] {case_of(workload)}")
        records += timer.measure(workload)
    return TimingResults(environments=(environment,), records=tuple(records))


@dataclass(frozen=True)
class _Timer:
    contenders: Sequence[Contender]
    session: str
    schedule: Schedule
    trusted: str
    clock: Clock

    def measure(self, workload: Workload) -> list[TimingRecord]:
        tasks = {contender.label: _SimulationTask(workload, contender) for contender in self.contenders}
        samples = run_rounds(tasks, self.schedule, clock=self.clock)
        runs = {label: run for label, task in tasks.items() if (run := task.computed)}
        physics = judge(runs, trusted=self.trusted, tolerance=workload.settings.tolerance)
        finest = self._finest(physics, samples)
        if finest:
            physics = _with_errors(physics, runs, workload, finest)
        return [
            self._record(case_of(workload), label, samples[label], physics.get(label), tasks[label])
            for label in tasks
        ]

    def _finest(self, physics: dict[str, Physics], samples: dict[str, Samples]) -> Contender | None:
        """Return the fastest contender of full precision that computed the right thing."""
        correct = [
            contender
            for contender in self.contenders
            if contender.execution.dtype == "float64"
            and contender.label in physics
            and physics[contender.label].verdict is Verdict.OK
        ]
        return min(correct, key=lambda contender: min(samples[contender.label].wall), default=None)

    def _record(
        self,
        case: TimingCase,
        label: str,
        samples: Samples,
        physics: Physics | None,
        task: _SimulationTask,
    ) -> TimingRecord:
        record = TimingRecord(
            case=case,
            backend=label,
            session=self.session,
            samples=samples,
            physics=physics or Physics(verdict=Verdict.FAILED, reason=samples.failure),
            peak_memory=task.peak_memory,
        )
        outcome = task.outcome
        return replace(record, phases=outcome.phases, path=outcome.path) if outcome else record


def _with_errors(
    physics: dict[str, Physics], runs: dict[str, Computed], workload: Workload, finest: Contender
) -> dict[str, Physics]:
    reference = compute_reference(workload, finest)
    if not reference.finished:
        return physics
    name = f"{finest.label}, rk4, dt / {REFERENCE_REFINEMENT}"
    return {
        label: replace(judged, error=angle_error(runs[label].history, reference.history), reference=name)
        for label, judged in physics.items()
    }


def compute_reference(workload: Workload, contender: Contender) -> Computed:
    """Simulate the workload by rk4 with a finer step, recorded at the same times."""
    settings = replace(
        workload.settings,
        dt=workload.settings.dt / REFERENCE_REFINEMENT,
        step_count=workload.settings.step_count * REFERENCE_REFINEMENT,
        save_every=workload.settings.save_every * REFERENCE_REFINEMENT,
        integrator=Integrator.RK4,
    )
    history = allocate_history(workload.compiled, settings, reaction=False)
    forget(history)
    outcome = contender.backend.run(workload.compiled, settings, contender.execution, history)
    return Computed(history=history, outcome=outcome)
