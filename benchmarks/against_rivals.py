"""Molenspin against rival simulators on the family `rig`: same physics, interleaved, errors measured.

`python -m benchmarks.against_rivals` times every rival that is installed, in interleaved rounds on one
thread. Each records every step of 10 s at dt = 1e-3. One that is slow at a size runs fewer steps there, and
its error is taken at the time that it reached.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.rivals import RIVALS, get_rival
from benchmarks.rivals.exact import angle_error
from benchmarks.rivals.protocol import RigHistory, RigRun, Rival
from benchmarks.session import affordable_steps, new_parser, pinned_machine, progress, save, schedule
from molenspin.assembly.families import Family
from molenspin.integrators import Integrator
from molenspin.timing import Environment, Schedule, TimingCase, TimingRecord, Verdict
from molenspin.timing.records import Physics
from molenspin.timing.rounds import Samples, run_rounds

SIZES = (4, 12, 24, 48, 192, 768)

LARGEST_ERROR = 1e-3
"""A rival whose angles are further off [rad] does not solve the same problem, and its time does not count."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="rivals", sizes=SIZES)
    parser.add_argument("--rivals", nargs="+", choices=tuple(RIVALS), default=tuple(RIVALS))
    options = parser.parse_args(arguments)
    with pinned_machine(options) as environment:
        rivals = installed_rivals(options.rivals)
        records: list[TimingRecord] = []
        for size in options.sizes:
            progress(f"rig, {size} bodies")
            run = RigRun(body_count=size, step_count=options.steps)
            records += race(rivals, run, schedule(options), environment)
    save(records, environment, options)
    return 0


def installed_rivals(names: Sequence[str]) -> list[Rival]:
    """The rivals whose packages are installed; says which are not."""
    found = []
    for name in names:
        try:
            found.append(get_rival(name))
        except ImportError as error:
            progress(f"{name} is left out: {error}")
    return found


def race(
    rivals: Sequence[Rival], run: RigRun, schedule: Schedule, environment: Environment
) -> list[TimingRecord]:
    """Time the rivals on one run, then measure their errors."""
    entered = [rival for rival in rivals if run.body_count <= rival.largest_size]
    tasks = {rival.label: _RivalTask(rival, run) for rival in entered}
    samples = run_rounds(tasks, schedule)
    return [task.record(samples[label], environment.session) for label, task in tasks.items()]


class _RivalTask:
    """One rival on one run, as `run_rounds` wants it."""

    def __init__(self, rival: Rival, run: RigRun) -> None:
        steps = affordable_steps(run.step_count, body_count=run.body_count, full_size=rival.full_size)
        self._rival = rival
        self._run = replace(run, step_count=steps)
        self._simulate = rival.prepare(self._run)
        self._history: RigHistory | None = None

    def prepare(self) -> None:
        """Nothing to do between runs."""

    def run(self) -> float:
        """Simulate; nothing is measured inside."""
        self._history = self._simulate()
        return 0.0

    def record(self, samples: Samples, session: str) -> TimingRecord:
        """What was measured, with the error of the last run."""
        return TimingRecord(
            case=_case(self._run),
            backend=self._rival.label,
            session=session,
            samples=samples,
            physics=self._physics(samples),
            path=self._rival.method,
        )

    def _physics(self, samples: Samples) -> Physics:
        if self._history is None:
            return Physics(verdict=Verdict.FAILED, reason=samples.failure)
        error = angle_error(self._history, self._run.step_count * self._run.dt)
        verdict = Verdict.OK if error <= LARGEST_ERROR else Verdict.WRONG
        reason = "" if verdict is Verdict.OK else f"angles are off by {error:.1e} rad"
        return Physics(verdict=verdict, reason=reason, error=error, reference="DOP853 at 1e-13")


def _case(run: RigRun) -> TimingCase:
    return TimingCase(
        assembly=Family.RIG,
        body_count=run.body_count,
        member_count=1,
        integrator=Integrator.RK4,
        dt=run.dt,
        step_count=run.step_count,
        save_every=1,
    )


if __name__ == "__main__":
    raise SystemExit(main())
