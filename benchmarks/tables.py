"""The tables of README.md, one function per benchmark, each from the records of its result files."""

from collections.abc import Iterator
from itertools import product

from benchmarks.records import Records, markdown_table, run_seconds, speedup, text, throughput
from benchmarks.session import STEPS
from molenspin.timing import TimingCase, TimingRecord


def latency_table(records: Records) -> str:
    """Milliseconds for a full run by NumPy and Rust, and their ratio."""
    header = [
        "family",
        "integrator",
        "bodies",
        "NumPy [ms]",
        "Rust [ms]",
        "Rust is faster by",
        "Rust error [rad]",
    ]
    return markdown_table(header, _latency_rows(records))


def _latency_rows(records: Records) -> Iterator[list[str]]:
    for family, integrator, size in product(*map(records.values, ("assembly", "integrator", "body_count"))):
        case = {"assembly": family, "integrator": integrator, "body_count": size}
        slow, fast = records.longest("numpy", **case), records.longest("rust", **case)
        if slow is None and fast is None:
            continue
        ratio = text(speedup(slow, fast)) if slow and fast else "-"
        row = [_milliseconds(slow), _milliseconds(fast), ratio, _error(fast)]
        yield [str(family), str(integrator), str(size), *row]


def rivals_table(records: Records) -> str:
    """Milliseconds for a full run of each rival at each size, the times NumPy, and the error."""
    sizes = records.values("body_count")
    header = ["", "method", *(f"n = {size}" for size in sizes), "error [rad]", "first call [s]"]
    return markdown_table(header, (_rival_row(records, label, sizes) for label in records.backends))


def _rival_row(records: Records, label: str, sizes: tuple[object, ...]) -> list[str]:
    found = [records.longest(label, body_count=size) for size in sizes]
    baselines = [records.longest("numpy", body_count=size) for size in sizes]
    present = [record for record in found if record]
    if not present:
        return [label, "wrong or failed", *["-"] * (len(sizes) + 2)]
    cells = [_against(record, baseline) for record, baseline in zip(found, baselines, strict=True)]
    error = max(record.physics.error or 0.0 for record in present)
    first = max(record.samples.first_call for record in present)
    return [label, present[0].path, *cells, f"{error:.0e}", f"{first:.1f}"]


def _against(record: TimingRecord | None, baseline: TimingRecord | None) -> str:
    if record is None:
        return "-"
    factor = f", {speedup(baseline, record).value:.3g}x" if baseline and baseline is not record else ""
    return f"{_milliseconds(record)}{factor}"


def ensembles_table(records: Records) -> str:
    """Million body-steps per second by members, recording and threads, and what the threads give."""
    header = ["bodies", "members", "recorded", *(f"{label} [1e6/s]" for label in records.backends), "gain"]
    return markdown_table(header, _ensemble_rows(records))


def _ensemble_rows(records: Records) -> Iterator[list[str]]:
    cases = dict.fromkeys(record.case for record in records.records)
    for case in cases:
        found = [records.longest(label, **vars(case)) for label in records.backends]
        rates = [text(throughput(record), 1e-6) if record else "-" for record in found]
        first, last = found[0], found[-1]
        gain = text(speedup(first, last)) if first and last and first is not last else "-"
        recorded = "final state" if case.save_every == case.step_count else f"every {case.save_every} steps"
        yield [f"{case.assembly} {case.body_count}", str(case.member_count), recorded, *rates, gain]


def ensemble_rivals_table(records: Records) -> str:
    """Million body-steps per second of each rival at each size, and the error."""
    cases = dict.fromkeys(record.case for record in records.records)
    members = ", ".join(str(count) for count in records.values("member_count"))
    header = [
        f"{members} members",
        "method",
        *(f"n = {case.body_count} [1e6/s]" for case in cases),
        "error [rad]",
    ]
    return markdown_table(
        header, (_ensemble_rival_row(records, label, list(cases)) for label in records.backends)
    )


def _ensemble_rival_row(records: Records, label: str, cases: list[TimingCase]) -> list[str]:
    found = [records.longest(label, **vars(case)) for case in cases]
    rates = [text(throughput(record), 1e-6) if record else "-" for record in found]
    present = [record for record in found if record]
    method = present[0].path if present else "wrong or failed"
    error = max((record.physics.error or 0.0 for record in present), default=None)
    return [label, method, *rates, "-" if error is None else f"{error:.0e}"]


def recording_table(records: Records) -> str:
    """Milliseconds for a full run by what is recorded and into which memory."""
    header = ["assembly", "save_every", *(f"{label} [ms]" for label in records.backends)]
    cases = dict.fromkeys(record.case for record in records.records)
    rows = (
        [
            f"{case.assembly} {case.body_count}",
            "final state" if case.save_every == case.step_count else str(case.save_every),
            *(_milliseconds(records.longest(label, **vars(case))) for label in records.backends),
        ]
        for case in cases
    )
    return markdown_table(header, rows)


def scaling_table(records: Records) -> str:
    """Nanoseconds per body and step as the assembly grows, and the growth from 768 to 12288 bodies."""
    sizes = records.values("body_count")
    header = [
        "family",
        *(f"n = {size}" for size in sizes),
        f"{sizes[-1]} against 768",
        "peak memory [kB per body]",
    ]
    rows = (_scaling_row(records, family, sizes) for family in records.values("assembly"))
    return markdown_table(header, rows)


def _scaling_row(records: Records, family: object, sizes: tuple[object, ...]) -> list[str]:
    found = [records.longest("rust", assembly=family, body_count=size) for size in sizes]
    costs = [text(run_seconds(r), 1e9 / (STEPS * r.case.body_count)) if r else "-" for r in found]
    middle, largest = records.longest("rust", assembly=family, body_count=768), found[-1]
    growth = "-"
    if middle and largest:
        growth = text(speedup(largest, middle), middle.case.body_count / largest.case.body_count)
    memory = (
        f"{largest.peak_memory / largest.case.body_count / 1e3:.2g}"
        if largest and largest.peak_memory
        else "-"
    )
    return [str(family), *costs, growth, memory]


def _milliseconds(record: TimingRecord | None) -> str:
    if record is None:
        return "-"
    mark = "" if record.case.step_count >= STEPS else "\\*"
    return text(run_seconds(record), 1e3) + mark


def _error(record: TimingRecord | None) -> str:
    return f"{record.physics.error:.0e}" if record and record.physics.error is not None else "-"
