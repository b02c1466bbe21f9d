"""Time backends on workloads: rounds, then physics, then records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Protocol

from molenspin.backends.workload import Contender, Workload
from molenspin.errors import InvalidValueError
from molenspin.provenance import backend_fingerprint
from molenspin.simulation.refinement import Refined, refine
from molenspin.timing.calibration import calibration_kernel
from molenspin.timing.clock import Clock, monotonic_clock
from molenspin.timing.environment import Environment
from molenspin.timing.physics import Computed, angle_error, judge
from molenspin.timing.records import Physics, TimingCase, TimingRecord, TimingResults, Verdict
from molenspin.timing.rounds import Schedule, run_rounds
from molenspin.timing.samples import Samples, joined
from molenspin.timing.simulation_task import SimulationTask

REFERENCE_HALVINGS = 1
"""The reference is computed by rk4 with half the step, halved again so often."""


def case_of(workload: Workload) -> TimingCase:
    """Return the value that identifies the workload in results."""
    return TimingCase(
        assembly=workload.assembly,
        content=workload.content,
        parameters=workload.parameters,
        body_count=workload.compiled.body_count,
        member_count=workload.compiled.member_count,
        integrator=workload.settings.integrator,
        dt=workload.settings.dt,
        step_count=workload.settings.step_count,
        save_every=workload.settings.save_every,
    )


class SessionKeeper(Protocol):
    """Keeps what a session times, pass by pass, so that an interrupted one can go on."""

    def earlier(self, number: int, environment: Environment) -> tuple[int, list[TimingRecord]]:
        """Finished passes over a workload in this session, and what they found."""

    def keep(
        self, number: int, environment: Environment, pass_count: int, records: Sequence[TimingRecord]
    ) -> None:
        """Keep what is timed so far of a workload."""


def measure(
    workloads: Sequence[Workload],
    contenders: Sequence[Contender],
    environment: Environment,
    *,
    schedule: Schedule,
    trusted: str | None = None,
    clock: Clock = monotonic_clock,
    calibrate: Callable[[], object] = calibration_kernel,
    progress: Callable[[str], None] = lambda _: None,
    keeper: SessionKeeper | None = None,
) -> TimingResults:
    """Time all contenders on all workloads, one workload after the other, as many times as there are visits.

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
    calibrate
        Fixed work that is timed before each run.
    progress
        Called with one line before each workload.
    keeper
        Keeps finished passes, and knows those of the session before it was interrupted.
    """
    if not contenders:
        raise InvalidValueError("contenders: at least one backend is needed")
    timer = _Timer(
        contenders, environment.session, schedule, trusted or contenders[0].label, clock, calibrate
    )
    earlier = [keeper.earlier(number, environment) if keeper else (0, []) for number in range(len(workloads))]
    records = [list(found) for _, found in earlier]
    is_warm = [False] * len(workloads)
    for visit in range(schedule.visit_count):
        for number, workload in enumerate(workloads):
            if visit < earlier[number][0]:
                continue
            again = f", visit {visit + 1} of {schedule.visit_count}" if schedule.visit_count > 1 else ""
            progress(f"[{number + 1}/{len(workloads)}] {case_of(workload)}{again}")
            records[number] = timer.visit(workload, visit, records[number], is_warm=is_warm[number])
            is_warm[number] = True
            if keeper:
                keeper.keep(number, environment, visit + 1, records[number])
    found = tuple(record for same in records for record in same)
    return TimingResults(environments=(environment,), records=found)


@dataclass(frozen=True)
class _Timer:
    contenders: Sequence[Contender]
    session: str
    schedule: Schedule
    trusted: str
    clock: Clock
    calibrate: Callable[[], object]

    def visit(
        self, workload: Workload, visit: int, before: Sequence[TimingRecord], *, is_warm: bool
    ) -> list[TimingRecord]:
        """Time a workload in one visit and join what earlier visits found of it."""
        earlier = {record.backend: record for record in before}
        again = [c for c in self.contenders if not before or self._is_worth_it(earlier[c.label])]
        tasks = {contender.label: SimulationTask(workload, contender) for contender in again}
        samples = run_rounds(
            tasks,
            self.schedule,
            visit=visit,
            warm=self._warm(earlier) if is_warm else {},
            clock=self.clock,
            calibrate=self.calibrate,
        )
        runs = {label: run for label, task in tasks.items() if (run := task.computed)}
        physics = judge(runs, trusted=self.trusted, tolerance=workload.settings.tolerance)
        finest = self._finest(physics, samples)
        if finest and not before:
            physics = _with_errors(physics, runs, workload, finest)
        found = {
            contender.label: self._record(workload, contender, samples[contender.label], physics, tasks)
            for contender in again
        }
        labels = [contender.label for contender in self.contenders]
        return [_joined([item[label] for item in (earlier, found) if label in item]) for label in labels]

    def _is_worth_it(self, record: TimingRecord) -> bool:
        """Neither given up nor slower than the budget."""
        return not record.samples.failure and record.samples.first_call <= self.schedule.budget

    def _warm(self, earlier: Mapping[str, TimingRecord]) -> dict[str, float]:
        """Seconds of a run, of those that an earlier visit timed and that last longer than a warm-up."""
        known = {
            label: median(record.samples.wall)
            for label, record in earlier.items()
            if record.samples.wall and self._is_worth_it(record)
        }
        return {label: value for label, value in known.items() if value >= self.schedule.warm_up_of_visit}

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
        workload: Workload,
        contender: Contender,
        samples: Samples,
        physics: Mapping[str, Physics],
        tasks: Mapping[str, SimulationTask],
    ) -> TimingRecord:
        label, task = contender.label, tasks[contender.label]
        record = TimingRecord(
            case=case_of(workload),
            backend=label,
            session=self.session,
            samples=samples,
            physics=physics.get(label) or Physics(verdict=Verdict.FAILED, reason=samples.failure),
            peak_memory=task.host_bytes,
            peak_device_memory=task.device_bytes,
            code=backend_fingerprint(contender.backend.name),
            keys=workload.keys.get(label, ()),
        )
        outcome = task.outcome
        return replace(record, phases=outcome.phases, path=outcome.path) if outcome else record


def _joined(visits: Sequence[TimingRecord]) -> TimingRecord:
    """One record of all visits; the first that computed something wrong tells the verdict."""
    bad = [record for record in visits if record.physics.verdict is not Verdict.OK]
    return replace((bad or visits)[0], samples=joined([record.samples for record in visits]))


def _with_errors(
    physics: dict[str, Physics], runs: dict[str, Computed], workload: Workload, finest: Contender
) -> dict[str, Physics]:
    reference = compute_reference(workload, finest)
    if any(reference.messages):
        return physics
    name, (angles, *_) = f"{finest.label}, rk4, dt = {reference.dt:.3g} s", reference.states
    return {
        label: replace(
            judged,
            error=angle_error(runs[label].history, angles),
            uncertainty=float(reference.uncertainty[0].max()),
            reference=name,
        )
        for label, judged in physics.items()
    }


def compute_reference(workload: Workload, contender: Contender) -> Refined:
    """Simulate the workload by rk4 with finer steps, recorded at the same times."""
    settings = replace(
        workload.settings,
        dt=workload.settings.dt / 2,
        step_count=workload.settings.step_count * 2,
        save_every=workload.settings.save_every * 2,
    )
    return refine(
        workload.compiled,
        settings,
        contender.backend,
        halvings=REFERENCE_HALVINGS,
        execution=contender.execution,
    )
