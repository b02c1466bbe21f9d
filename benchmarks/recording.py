"""The cost of recording: by how often a state is saved, and whether the memory was used before.

`python -m benchmarks.recording`. Fresh memory costs page faults, which reused buffers do not pay: for large
assemblies that is more than the arithmetic.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from benchmarks.result_files import add_resume, save_rows, unfinished
from benchmarks.session import DT, clock, new_parser, pinned_machine, schedule
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.protocol import Execution, History, Settings
from molenspin.backends.registry import get_backend
from molenspin.backends.workload import Workload
from molenspin.integrators import Integrator
from molenspin.simulation.history import allocate_history
from molenspin.timing import Schedule, TimingRecord, Verdict
from molenspin.timing.clock import Clock
from molenspin.timing.measure import case_of
from molenspin.timing.physics import relative_difference
from molenspin.timing.records import Physics
from molenspin.timing.rounds import run_rounds

SIZES = (12, 48, 768)
INTERVALS = (1, 10, 100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="recording", sizes=SIZES)
    parser.add_argument("--families", nargs="+", choices=tuple(Family), default=(Family.RIG, Family.MILL))
    parser.add_argument("--backend", default="rust")
    add_resume(parser)
    options = parser.parse_args(arguments)
    with pinned_machine(options) as environment:
        workloads = _workloads(options.families, options.sizes, options.steps)
        for workload in unfinished(workloads, environment, options):
            records = race(workload, options.backend, schedule(options), environment.session, clock(options))
            save_rows(records, environment, options.output)
    return 0


def _workloads(families: Sequence[Family], sizes: Sequence[int], steps: int) -> Iterator[Workload]:
    for family, size in product(families, sizes):
        compiled = benchmark_assembly(family, size).compile()
        for interval in (*INTERVALS, steps):
            settings = Settings(dt=DT, step_count=steps, integrator=Integrator.RK4, save_every=interval)
            yield Workload(assembly=family, compiled=compiled, settings=settings)


class _RecordingTask:
    """A simulation into buffers that are kept between runs, or allocated in each."""

    def __init__(self, workload: Workload, backend: str, *, reused: bool) -> None:
        self._workload = workload
        self._backend = get_backend(backend)
        self._reused = reused
        self.history: History | None = self._allocate()

    def prepare(self) -> None:
        """Give the memory of the last run back, so that the next one gets fresh pages."""
        if not self._reused:
            self.history = None

    def run(self) -> float:
        """Allocate if need be, and simulate."""
        history = self.history or self._allocate()
        self.history = history
        outcome = self._backend.run(
            self._workload.compiled, self._workload.settings, Execution(threads=1), history
        )
        return outcome.elapsed

    def _allocate(self) -> History:
        return allocate_history(self._workload.compiled, self._workload.settings, reaction=False)


def race(
    workload: Workload, backend: str, schedule: Schedule, session: str, clock: Clock
) -> list[TimingRecord]:
    """Time reused against fresh buffers; both must hold the same trajectory in the end."""
    tasks = {
        "reused buffers": _RecordingTask(workload, backend, reused=True),
        "fresh buffers": _RecordingTask(workload, backend, reused=False),
    }
    samples = run_rounds(tasks, schedule, clock=clock)
    reused, fresh = (task.history for task in tasks.values())
    same = reused is not None and fresh is not None and relative_difference(fresh, reused) == 0.0
    physics = Physics(verdict=Verdict.OK if same else Verdict.WRONG, reason="" if same else "runs differ")
    return [
        TimingRecord(
            case=case_of(workload), backend=label, session=session, samples=samples[label], physics=physics
        )
        for label in tasks
    ]


if __name__ == "__main__":
    raise SystemExit(main())
