"""The tables of README.md, one function per benchmark, each from the records of its result files."""

from collections.abc import Iterator, Mapping
from itertools import product

from benchmarks.records import Records, digits, markdown_table, paired_speedup, run_seconds, speedup, text
from benchmarks.session import STEPS
from molenspin.timing import TimingCase, TimingRecord
from molenspin.timing.statistics import Estimate, median_estimate


def latency_tables(records: Records) -> str:
    """How much faster Rust is than NumPy at a glance, then the times of both, one table per integrator."""
    parts = [_speedup_table(records)]
    for integrator in records.values("integrator"):
        header = ["bodies", "NumPy [ms]", "Rust [ms]", "Rust is faster by", "error [rad]"]
        parts += [f"### {integrator}", markdown_table(header, _latency_rows(records, integrator))]
    return "\n\n".join(parts)


def _speedup_table(records: Records) -> str:
    families, integrators = map(records.values, ("assembly", "integrator"))
    sizes = [size for size in records.values("body_count") if records.longest("numpy", body_count=size)]
    rows = []
    for family, integrator in product(families, integrators):
        cases = [{"assembly": family, "integrator": integrator, "body_count": size} for size in sizes]
        rows.append([str(family), str(integrator), *(_speedup(records, case) for case in cases)])
    header = ["Rust is faster by", "", *(f"n = {size}" for size in sizes)]
    return markdown_table(header, rows)


def _speedup(records: Records, case: Mapping[str, object]) -> str:
    slow, fast = records.longest("numpy", **case), records.longest("rust", **case)
    return f"{digits(speedup(slow, fast).value)}{_mark(slow)}" if slow and fast else "-"


def _latency_rows(records: Records, integrator: object) -> Iterator[list[str]]:
    for family, size in product(records.values("assembly"), records.values("body_count")):
        case = {"assembly": family, "integrator": integrator, "body_count": size}
        slow, fast = records.longest("numpy", **case), records.longest("rust", **case)
        if slow or fast:
            ratio = text(speedup(slow, fast)) if slow and fast else "-"
            yield [f"{family} {size}", _milliseconds(slow), _milliseconds(fast), ratio, _error(fast or slow)]


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
    factor = f", {digits(speedup(baseline, record).value)}x" if baseline and baseline is not record else ""
    return f"{_milliseconds(record)}{factor}"


def recording_table(records: Records) -> str:
    """Milliseconds for a full run by what is recorded and into which memory."""
    header = ["assembly", "save_every", *(f"{label} [ms]" for label in records.backends)]
    rows = (
        [
            f"{case.assembly} {case.body_count}",
            "final state" if case.save_every == case.step_count else str(case.save_every),
            *(_milliseconds(records.longest(label, **vars(case))) for label in records.backends),
        ]
        for case in records.cases
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


def counters_table(records: Records) -> str:
    """Milliseconds with and without the phase counters, and what they cost."""
    header = ["assembly", "integrator", "members", "with [ms]", "without [ms]", "cost", "rounds"]
    rows = (_counters_row(records, case) for case in records.cases)
    return markdown_table(header, [row for row in rows if row])


def _counters_row(records: Records, case: TimingCase) -> list[str]:
    counted, uncounted = (records.longest(label, **vars(case)) for label in ("with", "without"))
    if not (counted and uncounted):
        return []
    times = [text(median_estimate(record.samples.wall), 1e3) for record in (counted, uncounted)]
    cost = _excess(paired_speedup(counted, uncounted))
    what = [f"{case.assembly} {case.body_count}", str(case.integrator), str(case.member_count)]
    return [*what, *times, cost, str(len(counted.samples.wall))]


def _excess(ratio: Estimate | None) -> str:
    """By how many percent a ratio is above one."""
    if ratio is None or ratio.interval is None:
        return "-" if ratio is None else f"{ratio.value - 1:.2%}"
    return f"{ratio.value - 1:.2%} ({ratio.interval.low - 1:.2%} to {ratio.interval.high - 1:.2%})"


def _milliseconds(record: TimingRecord | None) -> str:
    if record is None:
        return "-"
    return text(run_seconds(record), 1e3) + _mark(record)


def _mark(record: TimingRecord) -> str:
    """A star where the time is extrapolated."""
    return "" if record.case.step_count >= STEPS else "\\*"


def _error(record: TimingRecord | None) -> str:
    return f"{record.physics.error:.0e}" if record and record.physics.error is not None else "-"
