"""One assembly and ensembles on a GPU, beside NumPy and the Rust core on all cores of the same machine.

`python -m benchmarks.gpu` does all of it: the latency of `mill` at several sizes with every step recorded,
the throughput of ensembles with final states only, and the ceilings of the device.
"""

import os
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from json import dumps
from pathlib import Path

from benchmarks.ceilings import measure_ceilings
from benchmarks.ensembles import varied_ensemble
from benchmarks.latency import contender
from benchmarks.result_files import save_rows
from benchmarks.session import DT, new_parser, pinned_machine, progress, schedule
from molenspin.assembly.families import benchmark_assembly
from molenspin.backends.protocol import Execution, Settings
from molenspin.backends.registry import get_backend
from molenspin.backends.workload import Contender, Workload
from molenspin.integrators import Integrator
from molenspin.timing import Environment
from molenspin.timing.measure import measure

SIZES = (4, 12, 24, 48)
ENSEMBLE_SIZES = (4, 48)
MEMBERS = (1, 10, 100, 1_000, 10_000, 100_000)
BODY_STEPS = 2_000_000_000
"""Work of one run of a large ensemble; smaller ones run `--steps`."""

SHORTEST_RUN = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="gpu", sizes=SIZES)
    parser.add_argument("--members", type=int, nargs="+", default=MEMBERS)
    parser.add_argument("--ensemble-sizes", type=int, nargs="+", default=ENSEMBLE_SIZES)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args(arguments)
    processors = os.cpu_count() or 1
    gpu = Contender(label="torch", backend=get_backend("torch"), execution=Execution(device=options.device))
    rust = replace(contender("rust", threads=processors), label="rust, all cores")
    _write_ceilings(options)
    with pinned_machine(options) as environment:
        _single(options, environment, gpu)
    with pinned_machine(options, threads=processors) as environment:
        _ensembles(options, environment, [rust, gpu])
    return 0


def _write_ceilings(options: Namespace) -> None:
    ceilings = measure_ceilings(options.device)
    path = options.output.with_stem(f"{options.output.stem}_ceilings")
    path.write_text(dumps(ceilings, indent=2) + "\n")
    progress(f"ceilings: {ceilings}")


def _single(options: Namespace, environment: Environment, gpu: Contender) -> None:
    contenders = [contender("numpy"), contender("rust"), gpu]
    for size in options.sizes:
        settings = Settings(dt=DT, step_count=options.steps, integrator=Integrator.RK4)
        compiled = benchmark_assembly("mill", size).compile()
        workload = Workload(assembly="mill", compiled=compiled, settings=settings)
        progress(f"mill, {size} bodies")
        records = measure([workload], contenders, environment, schedule=schedule(options)).records
        save_rows(records, environment, _part(options, "single"))


def _ensembles(options: Namespace, environment: Environment, contenders: Sequence[Contender]) -> None:
    for workload in _ensemble_workloads(options):
        progress(f"mill, {workload.compiled.body_count} bodies, {workload.compiled.member_count} members")
        records = measure([workload], contenders, environment, schedule=schedule(options)).records
        save_rows(records, environment, _part(options, "ensembles"))


def _ensemble_workloads(options: Namespace) -> Iterator[Workload]:
    for size in options.ensemble_sizes:
        for members in options.members:
            affordable = max(SHORTEST_RUN, BODY_STEPS // (size * members))
            steps = min(options.steps, affordable)
            settings = Settings(dt=DT, step_count=steps, integrator=Integrator.RK4, save_every=steps)
            compiled = varied_ensemble(benchmark_assembly("mill", size), members)
            yield Workload(assembly="mill", compiled=compiled, settings=settings)


def _part(options: Namespace, name: str) -> Path:
    path: Path = options.output
    return path.with_stem(f"{path.stem}_{name}")


if __name__ == "__main__":
    raise SystemExit(main())
