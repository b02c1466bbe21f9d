"""Throughput of ensembles in body-steps per second, on one thread and on all.

`python -m benchmarks.ensembles` varies the inertia and the mass of every body, so that nothing can be shared
between members, and records final states only or every tenth step. Long enough that starting does not count,
and short enough that what is recorded fits into `HISTORY_BYTES`.
"""

import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from benchmarks.latency import HISTORY_BYTES, STATE_BYTES
from benchmarks.session import DT, clock, new_parser, pinned_machine, progress, save, schedule
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_ensemble
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.protocol import Execution, Settings
from molenspin.backends.registry import get_backend
from molenspin.backends.workload import Contender, Workload
from molenspin.integrators import Integrator
from molenspin.timing import TimingRecord
from molenspin.timing.measure import measure

SIZES = (12, 48)
MEMBERS = (1, 8, 64, 512, 4096)
SAVED_STEPS = 10
BODY_STEPS = 20_000_000
"""Work of one run, if neither `--steps` nor the memory sets a lower limit."""

SHORTEST_RUN = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="ensembles", sizes=SIZES)
    parser.add_argument("--families", nargs="+", choices=tuple(Family), default=(Family.RIG, Family.MILL))
    parser.add_argument("--members", type=int, nargs="+", default=MEMBERS)
    parser.add_argument("--backend", default="rust")
    options = parser.parse_args(arguments)
    processors = os.cpu_count() or 1
    contenders = [_contender(options.backend, threads) for threads in sorted({1, processors})]
    with pinned_machine(options, threads=processors) as environment:
        records: list[TimingRecord] = []
        for workload in workloads(options):
            progress(f"{workload.assembly}, {workload.compiled.member_count} members")
            records += measure(
                [workload], contenders, environment, schedule=schedule(options), clock=clock(options)
            ).records
    save(records, environment, options)
    return 0


def workloads(options: Namespace) -> Iterator[Workload]:
    """Every family, size and number of members, with two ways to record."""
    for family, size, members in product(options.families, options.sizes, options.members):
        compiled = varied_ensemble(benchmark_assembly(family, size), members)
        for final_only in (True, False):
            steps = _step_count(size * members, options.steps, final_only=final_only)
            settings = Settings(
                dt=DT,
                step_count=steps,
                integrator=Integrator.RK4,
                save_every=steps if final_only else SAVED_STEPS,
            )
            yield Workload(assembly=family, compiled=compiled, settings=settings)


def varied_ensemble(assembly: Assembly, member_count: int) -> CompiledAssembly:
    """An ensemble that varies inertia and mass of every body, so every degree of freedom, by up to 10%."""
    random = np.random.default_rng(seed=0)
    parameters = {
        f"{body.name}.{field}": float(getattr(body, field)) * random.uniform(0.9, 1.1, member_count)
        for body in assembly.bodies
        for field in ("inertia", "mass")
    }
    return compile_ensemble(assembly, parameters)


def _step_count(bodies: int, longest: int, *, final_only: bool) -> int:
    affordable = BODY_STEPS // bodies
    if not final_only:
        affordable = min(affordable, SAVED_STEPS * HISTORY_BYTES // (STATE_BYTES * bodies))
    steps = min(longest, max(SHORTEST_RUN, affordable))
    return steps - steps % SAVED_STEPS or SAVED_STEPS


def _contender(backend: str, threads: int) -> Contender:
    plural = "thread" if threads == 1 else "threads"
    return Contender(
        label=f"{threads} {plural}", backend=get_backend(backend), execution=Execution(threads=threads)
    )


if __name__ == "__main__":
    raise SystemExit(main())
