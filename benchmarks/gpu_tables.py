"""The tables of the GPU section of README.md."""

from collections.abc import Iterator
from itertools import product
from json import loads

from benchmarks.ensembles import varied_ensemble
from benchmarks.kernel_operations import operations_per_body_step
from benchmarks.records import Records, markdown_table, run_seconds, speedup, text, throughput
from benchmarks.session import RESULTS
from molenspin.assembly.families import benchmark_assembly
from molenspin.backends.protocol import Settings
from molenspin.integrators import Integrator
from molenspin.timing import TimingRecord

STATE_BYTES = 32
"""Position and velocity of one body, in float64."""


def gpu_single_table(records: Records) -> str:
    """Milliseconds for a full run of one assembly, and how much faster the GPU is."""
    header = [
        "bodies",
        "NumPy [ms]",
        "Rust, 1 thread [ms]",
        "GPU [ms]",
        "over NumPy",
        "over Rust",
        "error [rad]",
    ]
    table = markdown_table(header, _single_rows(records))
    return f"{_path(records)}\n\n{table}"


def _single_rows(records: Records) -> Iterator[list[str]]:
    for size in records.values("body_count"):
        numpy, rust, gpu = (records.longest(label, body_count=size) for label in ("numpy", "rust", "torch"))
        if not (numpy and rust and gpu):
            continue
        times = [text(run_seconds(record), 1e3) for record in (numpy, rust, gpu)]
        gains = [text(speedup(numpy, gpu)), text(speedup(rust, gpu))]
        yield [str(size), *times, *gains, f"{gpu.physics.error or 0.0:.0e}"]


def gpu_ensembles_table(records: Records) -> str:
    """Throughput by members, beside Rust on all cores, and the distance from the device's ceilings."""
    header = [
        "bodies",
        "members",
        "Rust, all cores [10^6/s]",
        "GPU [10^6/s]",
        "over Rust",
        "arithmetic",
        "memory",
    ]
    table = markdown_table(header, _ensemble_rows(records))
    return f"{_path(records)}\n\n{table}\n\n{_break_even(records)}\n\n{_ceilings()}"


def _pairs(records: Records) -> Iterator[tuple[TimingRecord, TimingRecord]]:
    for size, members in product(records.values("body_count"), records.values("member_count")):
        case = {"body_count": size, "member_count": members}
        rust, gpu = records.longest("rust, all cores", **case), records.longest("torch", **case)
        if rust and gpu:
            yield rust, gpu


def _ensemble_rows(records: Records) -> Iterator[list[str]]:
    for rust, gpu in _pairs(records):
        rates = [text(throughput(record), 1e-6) for record in (rust, gpu)]
        arithmetic, memory = _shares(gpu)
        case = gpu.case
        yield [
            str(case.body_count),
            str(case.member_count),
            *rates,
            text(speedup(rust, gpu)),
            f"{arithmetic:.1%}",
            f"{memory:.2%}",
        ]


def _shares(record: TimingRecord) -> tuple[float, float]:
    """Share of the device's arithmetic and of its memory bandwidth that a run used."""
    case, ceilings = record.case, loads((RESULTS / "gpu_ceilings.json").read_text())
    rate = throughput(record).value
    operations = _operations(case.body_count) * rate
    seconds = case.member_count * case.body_count * case.step_count / rate
    samples = case.step_count // case.save_every + 1
    moved = case.member_count * case.body_count * STATE_BYTES * (samples + 2)
    return operations / ceilings["float64_operations"], moved / seconds / ceilings["bandwidth"]


def _operations(body_count: int) -> float:
    """Operations per body-step of `mill`, with the three Newton iterations that a step takes."""
    compiled = varied_ensemble(benchmark_assembly("mill", body_count), 32)
    return operations_per_body_step(compiled, Settings(dt=1e-3, step_count=1, integrator=Integrator.RK4), 3.0)


def _break_even(records: Records) -> str:
    """Fewest members at which the GPU is faster than Rust on all cores."""
    lines = []
    for size in records.values("body_count"):
        won = [
            gpu.case.member_count
            for rust, gpu in _pairs(records)
            if rust.case.body_count == size and speedup(rust, gpu).value > 1.0
        ]
        first = f"from {min(won)} members on" if won else "at none of these numbers of members"
        lines.append(f"mill({size}): the GPU is faster {first}, of those measured.")
    return " ".join(lines)


def _ceilings() -> str:
    ceilings = loads((RESULTS / "gpu_ceilings.json").read_text())
    counts = ", ".join(f"{_operations(size):.0f} for mill({size})" for size in (4, 48))
    return (
        f"Ceilings measured in the same run on {ceilings['device']}: "
        f"{ceilings['float64_operations'] / 1e12:.1f} TFLOP/s in float64 without the matrix units, "
        f"{ceilings['bandwidth'] / 1e12:.2f} TB/s. Operations per body-step, counted in the kernel's source "
        f"(`kernel_operations.py`): {counts}. Bytes: {STATE_BYTES} per body for the initial state, the final "
        "one and every sample."
    )


def _path(records: Records) -> str:
    paths = dict.fromkeys(record.path for record in records.records if record.backend == "torch")
    device = next(iter(paths), "").partition(" on ")[2]
    return f"Device: {device}."
