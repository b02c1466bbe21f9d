"""Comparisons of results made by hand: what is compared, what is called a change, what a row says."""

from dataclasses import replace

import pytest
from made_results import ENVIRONMENT, made_record

from molenspin.errors import MergeConflictError
from molenspin.integrators import Integrator
from molenspin.timing import TimingResults, Verdict, compare_timing, merge_timing
from molenspin.timing.comparison import Change, Comparison, comparison_table
from molenspin.timing.merging import position_difference
from molenspin.timing.samples import Samples
from molenspin.timing.statistics import Estimate, Interval

SIZES = (4, 8, 12, 16, 20, 24)


def samples(seconds, *, count=6):
    """Two visits that differ by 0.2%."""
    wall = tuple(seconds * (1 + 0.002 * (run % 2)) for run in range(count))
    return Samples(first_call=1.0, wall=wall, visits=tuple(run % 2 for run in range(count)))


def record(seconds=1.0, *, size=4, backend="rust", code="", count=6, **physics):
    made = made_record(backend, size, Integrator.RK4, 0.01, **{"final_position": (1.0, 0.5)} | physics)
    return replace(made, samples=samples(seconds, count=count), code=code)


def results(*records, **circumstances):
    place = replace(ENVIRONMENT, **circumstances)
    return TimingResults(
        environments=(place,), records=tuple(replace(item, session=place.session) for item in records)
    )


def changes(first, second, **options):
    return [item.change for item in compare_timing(first, second, **options)]


@pytest.mark.parametrize(
    ("codes", "circumstances", "expected"),
    [
        (("same", "same"), {}, Change.NONE),
        (("old", "new"), {}, Change.SLOWER),
        (("", ""), {}, Change.SLOWER),
        (("same", "same"), {"versions": {"python": "3.14"}}, Change.SLOWER),
        (("same", "same"), {"machine": "another"}, Change.SLOWER),
        (("same", "same"), {"load": None, "started": "2026-02-01"}, Change.NONE),
    ],
)
def test_a_shift_of_all_cases_is_the_machines_if_code_and_circumstances_are_the_same(
    codes, circumstances, expected
):
    before = results(*(record(1.0, size=size, code=codes[0]) for size in SIZES))
    after = results(*(record(1.2, size=size, code=codes[1]) for size in SIZES), **circumstances)
    assert set(changes(before, after)) == {expected}
    machine = "windmill -> another" if circumstances.get("machine") else "windmill"
    assert {item.machine for item in compare_timing(before, after)} == {machine}


def test_the_later_of_two_sessions_of_a_case_counts():
    late, early = replace(ENVIRONMENT, started="2026-03-01"), ENVIRONMENT
    both = TimingResults(
        environments=(late, early),
        records=(replace(record(2.0), session=late.session), replace(record(1.0), session=early.session)),
    )
    (comparison,) = compare_timing(both, results(record(2.0)))
    assert comparison.ratio.value == pytest.approx(1.0)


@pytest.mark.parametrize(("counts", "judged"), [((6, 6), True), ((5, 6), False), ((6, 5), False)])
def test_both_sides_need_the_samples_of_an_interval(counts, judged):
    first, second = (results(record(1.0, count=count)) for count in counts)
    (comparison,) = compare_timing(first, second)
    assert (comparison.change is Change.NONE) is judged
    assert (comparison.p_value is not None) is judged
    assert (comparison.resolves is not None) is judged
    assert (comparison.ratio.interval is not None) is judged
    assert comparison.ratio.value == pytest.approx(1.0, abs=2e-3)


def test_a_side_without_runs_leaves_no_ratio():
    first, second = results(record(count=0)), results(record())
    for (comparison,) in (compare_timing(first, second), compare_timing(second, first)):
        assert (comparison.ratio, comparison.change) == (None, Change.UNKNOWN)


def test_every_change_turns_round_with_the_sides():
    before = results(record(1.0), record(1.0, size=8), record(1.0, size=12), record(1.0, size=16))
    after = results(record(1.2), record(0.8, size=8), record(1.01, size=12), record(1.0, size=20))
    forth, back = changes(before, after), changes(after, before)
    assert forth == [Change.SLOWER, Change.FASTER, Change.NONE, Change.ONLY_FIRST, Change.ONLY_SECOND]
    assert back == [Change.FASTER, Change.SLOWER, Change.NONE, Change.ONLY_SECOND, Change.ONLY_FIRST]


@pytest.mark.parametrize(("seconds", "change"), [(1.04, Change.NONE), (1.06, Change.SLOWER)])
def test_changes_are_reported_from_5_percent_on(seconds, change):
    assert changes(results(record(1.0)), results(record(seconds))) == [change]


def test_no_smaller_change_is_detected_than_was_asked_for():
    first, second = results(record(1.0)), results(record(1.1))
    (exact,), (coarse,) = (compare_timing(first, second, smallest_change=size) for size in (0.0, 0.3))
    assert 0 < exact.resolves < coarse.resolves == 0.3
    assert (exact.change, coarse.change) == (Change.SLOWER, Change.NONE)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1.0, 4.0, 2.0, 8.0), (1.0, 4.0, 2.5, 8.0), 0.2),  # angles 1 and 2.5
        ((1.0, 4.0, 2.0, 8.0), (1.0, 6.0, 2.0, 8.0), 0.25),  # displacements 4 and 8
        ((1.0, 4.0, -2.0, 8.0), (1.0, 4.0, 2.0, 8.0), 2.0),
        ((0.0, 1e-12), (0.0, 3e-12), 2e-3),  # below the smallest scale
        ((1.0, 4.0), (1.0, 4.0, 2.0, 8.0), float("inf")),
    ],
)
def test_positions_differ_relative_to_the_largest_angle_or_displacement(first, second, expected):
    one, other = record(final_position=first), record(final_position=second)
    assert position_difference(one, other) == pytest.approx(expected)
    assert position_difference(other, one) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("tolerances", "change"),
    [((0.5, 0.1), Change.NONE), ((0.1, 0.5), Change.NONE), ((0.4, 0.4), Change.PHYSICS)],
)
def test_positions_may_differ_by_the_larger_tolerance(tolerances, change):
    first, second = (
        results(record(final_position=end, tolerance=allowed))
        for end, allowed in zip(((1.0, 0.0), (0.5, 0.0)), tolerances, strict=True)
    )
    assert changes(first, second) == changes(second, first) == [change]
    if change is Change.NONE:
        assert len(merge_timing(first, second).records) == 1
    else:
        with pytest.raises(MergeConflictError):
            merge_timing(first, second)


def test_positions_of_two_wrong_results_are_not_compared():
    first, second = (results(record(final_position=(end, 0.0), verdict=Verdict.WRONG)) for end in (1.0, 2.0))
    (comparison,) = compare_timing(first, second)
    assert comparison.physics == ""


def test_a_row_says_the_change_its_interval_and_what_could_be_told():
    case = record().case
    told = Comparison(
        machine="mill",
        case=case,
        backend="rust",
        change=Change.PHYSICS,
        ratio=Estimate(value=0.8, interval=Interval(0.75, 1.1)),
        p_value=0.0123,
        resolves=0.12,
        physics="was ok, is wrong",
    )
    untold = Comparison(machine="mill", case=case, backend="rust", change=Change.ONLY_FIRST)
    table = comparison_table([told, untold])
    assert table.iloc[0, 3:].tolist() == [
        "-20.0",
        "-25.0 .. +10.0",
        "12",
        "0.012",
        "other physics: was ok, is wrong",
    ]
    assert table.iloc[1, 3:].tolist() == ["-", "-", "-", "-", "only in A"]
