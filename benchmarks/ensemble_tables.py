"""The tables on ensembles of README.md: threads, and rivals."""

from statistics import median

from benchmarks.records import Records, markdown_table, paired_speedup, text, throughput
from molenspin.timing import TimingCase
from molenspin.timing.statistics import Estimate


def ensembles_tables(records: Records) -> str:
    """Million body-steps per second by members and threads, one table for each way to record."""
    tables = []
    for title, final_only in (("Final states only", True), ("Every tenth step recorded", False)):
        cases = [case for case in records.cases if (case.save_every == case.step_count) is final_only]
        if cases:
            tables += [f"### {title}", _ensembles_table(records, cases)]
    return "\n\n".join(filter(None, [*tables, _summary(records)]))


def _ensembles_table(records: Records, cases: list[TimingCase]) -> str:
    one, *several = records.backends
    rates = [f"{label} [1e6/s]" for label in (one, *several[:1])]
    gains = [f"gain of {label}" for label in several]
    header = ["bodies", "members", *rates, *gains, "rounds"]
    return markdown_table(header, (_ensemble_row(records, case) for case in cases))


def _ensemble_row(records: Records, case: TimingCase) -> list[str]:
    found = [records.longest(label, **vars(case)) for label in records.backends]
    rates = [text(throughput(record), 1e-6) if record else "-" for record in found[:2]]
    gains = [text(gain) for gain in _gains(records, case)]
    rounds = str(len(found[0].samples.wall)) if found[0] else "-"
    return [f"{case.assembly} {case.body_count}", str(case.member_count), *rates, *gains, rounds]


def _gains(records: Records, case: TimingCase) -> list[Estimate | None]:
    """How many times faster than on one thread it is on all, and in separate runs."""
    baseline, *several = (records.longest(label, **vars(case)) for label in records.backends)
    return [paired_speedup(baseline, record) if baseline and record else None for record in several]


def _summary(records: Records) -> str:
    """The gains where every way to run had work."""
    found = [_gains(records, case) for case in records.cases]
    whole = [[gain.value for gain in gains if gain] for gains in found if None not in gains]
    ranges = [
        f"{label} {median(gains):.3g} ({min(gains):.3g} to {max(gains):.3g})"
        for label, gains in zip(records.backends[1:], zip(*whole, strict=True), strict=False)
    ]
    return f"Gains in {len(whole)} rows, median (lowest to highest): {', '.join(ranges)}." if ranges else ""


def ensemble_rivals_table(records: Records) -> str:
    """Million body-steps per second of each rival at each size, and the error."""
    members = ", ".join(str(count) for count in records.values("member_count"))
    header = [
        f"{members} members",
        "method",
        *(f"n = {case.body_count} [1e6/s]" for case in records.cases),
        "error [rad]",
    ]
    return markdown_table(header, (_ensemble_rival_row(records, label) for label in records.backends))


def _ensemble_rival_row(records: Records, label: str) -> list[str]:
    found = [records.longest(label, **vars(case)) for case in records.cases]
    rates = [text(throughput(record), 1e-6) if record else "-" for record in found]
    present = [record for record in found if record]
    method = present[0].path if present else "wrong or failed"
    error = max((record.physics.error or 0.0 for record in present), default=None)
    return [label, method, *rates, "-" if error is None else f"{error:.0e}"]
