"""Cost per body as the assembly grows, and the memory that a run needs beyond its results.

`python -m benchmarks.scaling` runs the same number of steps at every size and records the final state only:
nothing but computing is compared. The cost per body should stay flat.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from benchmarks.latency import contender
from benchmarks.result_files import add_resume, save_rows, unfinished
from benchmarks.session import DT, clock, new_parser, pinned_machine, schedule
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.protocol import Settings
from molenspin.backends.workload import Workload
from molenspin.integrators import Integrator
from molenspin.timing.measure import measure

SIZES = (48, 192, 768, 3072, 12288)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="scaling", sizes=SIZES)
    parser.set_defaults(steps=500)
    parser.add_argument("--families", nargs="+", choices=tuple(Family), default=tuple(Family))
    parser.add_argument("--backend", default="rust")
    add_resume(parser)
    options = parser.parse_args(arguments)
    with pinned_machine(options) as environment:
        workloads = _workloads(options.families, options.sizes, options.steps)
        for workload in unfinished(workloads, environment, options):
            runners = [contender(options.backend)]
            results = measure(
                [workload], runners, environment, schedule=schedule(options), clock=clock(options)
            )
            save_rows(results.records, environment, options.output)
    return 0


def _workloads(families: Sequence[Family], sizes: Sequence[int], steps: int) -> Iterator[Workload]:
    settings = Settings(dt=DT, step_count=steps, integrator=Integrator.RK4, save_every=steps)
    for family, size in product(families, sizes):
        compiled = benchmark_assembly(family, size).compile()
        yield Workload(assembly=family, compiled=compiled, settings=settings)


if __name__ == "__main__":
    raise SystemExit(main())
