"""Throughput of ensembles in body-steps per second, on one thread and on all.

`python -m benchmarks.ensembles` varies the inertia and the mass of every body, so that nothing can be shared
between members, and records final states only or every tenth step. Long enough that neither starting nor a
short disturbance counts, and short enough that what is recorded fits into `HISTORY_BYTES`.

Each round has one run on one thread, one on all threads, and one of the ensemble cut into as many separate
runs as there are processors. The gain is the ratio within a round, whose runs follow each other closely, so
that drift of the machine hits all of them. That of the separate runs shows what the machine has to give.

Each row is in the file as soon as it is measured; `--resume` goes on after an interruption.
"""

import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from benchmarks.comparison import compare
from benchmarks.latency import HISTORY_BYTES, STATE_BYTES
from benchmarks.result_files import add_resume, save_rows, unfinished
from benchmarks.separate_runs import SeparateRuns
from benchmarks.session import DT, new_parser, pinned_machine
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_ensemble
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.protocol import Backend, Execution, Settings
from molenspin.backends.registry import get_backend
from molenspin.backends.workload import Contender, Workload
from molenspin.integrators import Integrator

FAMILIES = (Family.RIG, Family.MILL, Family.TRAIN)
SIZES = (12, 48)
MEMBERS = (1, 8, 64, 512, 4096)
LANES = 8
SAVED_STEPS = 10
BODY_STEPS = {
    Family.RIG: 20_000_000,
    Family.SHAFTING: 20_000_000,
    Family.TRAIN: 4_000_000,
    Family.MILL: 2_000_000,
}
"""Work of one run, if neither `--steps` nor the memory sets a lower limit: about a tenth of a second."""

SHORTEST_RUN = 50
LONGEST_RUN = 30_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="ensembles", sizes=SIZES)
    parser.set_defaults(steps=LONGEST_RUN, repeats=16, budget=4.0, warm_up=0.1)
    parser.add_argument("--families", nargs="+", choices=tuple(Family), default=FAMILIES)
    parser.add_argument("--members", type=int, nargs="+", default=MEMBERS)
    parser.add_argument("--backend", default="rust")
    add_resume(parser)
    options = parser.parse_args(arguments)
    processors = os.cpu_count() or 1
    with pinned_machine(options, threads=processors) as environment:
        for workload in unfinished(workloads(options), environment, options):
            member_count = workload.compiled.member_count
            contenders = _contenders(get_backend(options.backend), member_count, processors)
            save_rows(compare(workload, contenders, environment, options), environment, options.output)
    return 0


def workloads(options: Namespace) -> Iterator[Workload]:
    """Every family, size and number of members, with two ways to record."""
    for family, size, members in product(options.families, options.sizes, options.members):
        compiled = varied_ensemble(benchmark_assembly(family, size), members)
        for final_only in (True, False):
            bodies = size * members
            affordable = BODY_STEPS[family] // bodies
            steps = _step_count(affordable, bodies, options.steps, final_only=final_only)
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


def _step_count(affordable: int, bodies: int, longest: int, *, final_only: bool) -> int:
    if not final_only:
        affordable = min(affordable, SAVED_STEPS * HISTORY_BYTES // (STATE_BYTES * bodies))
    steps = min(longest, max(SHORTEST_RUN, affordable))
    return steps - steps % SAVED_STEPS or SAVED_STEPS


def _contenders(backend: Backend, member_count: int, processors: int) -> list[Contender]:
    """One thread, all threads, and separate runs where each of them fills its lanes."""
    all_threads = Execution(threads=processors)
    contenders = [Contender(label="1 thread", backend=backend, execution=Execution(threads=1))]
    if processors > 1:
        contenders.append(Contender(label=f"{processors} threads", backend=backend, execution=all_threads))
    if member_count >= processors * LANES > LANES:
        label = f"{processors} separate runs"
        contenders.append(Contender(label=label, backend=SeparateRuns(backend), execution=all_threads))
    return contenders


if __name__ == "__main__":
    raise SystemExit(main())
