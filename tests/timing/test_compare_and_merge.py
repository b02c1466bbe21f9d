from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from timing_fakes import environment

from molenspin.errors import InvalidValueError, MergeConflictError
from molenspin.integrators import Integrator
from molenspin.timing import (
    TimingCase,
    TimingRecord,
    TimingResults,
    Verdict,
    changed_circumstances,
    compare_timing,
    merge_timing,
)
from molenspin.timing.circumstances import same_circumstances
from molenspin.timing.comparison import Change
from molenspin.timing.records import Physics
from molenspin.timing.samples import Samples

CASE = TimingCase(
    assembly="mill",
    body_count=4,
    member_count=1,
    integrator=Integrator.RK4,
    dt=1e-3,
    step_count=100,
    save_every=1,
)


def record(wall, *, case=CASE, backend="rust", session="", end=(1.0, 0.5), verdict=Verdict.OK, visits=()):
    physics = Physics(verdict=verdict, tolerance=1e-6, final_position=tuple(end))
    samples = Samples(
        first_call=1.0, wall=tuple(wall), inside=tuple(wall), rounds=tuple(range(len(wall))), visits=visits
    )
    return TimingRecord(
        case=case, backend=backend, session=session or environment().session, samples=samples, physics=physics
    )


def results(*records, machine="mill", started="2026-01-01T00:00:00.000+00:00"):
    place = environment(machine, started)
    return TimingResults(
        environments=(place,),
        records=tuple(replace(record, session=place.session) for record in records),
    )


def noisy(median, *, seed=0, count=20):
    return np.random.default_rng(seed).normal(median, 0.01 * median, count)


def test_same_results_twice_report_no_change():
    once = results(record(noisy(1.0)), record(noisy(0.1), backend="numpy"))
    comparisons = compare_timing(once, once)
    assert [comparison.change for comparison in comparisons] == [Change.NONE, Change.NONE]
    assert all(comparison.ratio.value == 1.0 for comparison in comparisons)


def test_change_is_found_with_its_size_and_its_reverse():
    before, after = results(record(noisy(1.0))), results(record(noisy(0.8, seed=1)))
    (forth,), (back,) = compare_timing(before, after), compare_timing(after, before)
    assert (forth.change, back.change) == (Change.FASTER, Change.SLOWER)
    assert forth.ratio.interval.low < 0.8 < forth.ratio.interval.high
    assert forth.p_value < 0.001


def test_certain_but_small_change_is_no_change():
    visits, wiggle = (0,) * 10 + (1,) * 10, 1e-4 * (np.arange(20) % 3)
    before, after = (results(record(median + wiggle, visits=visits)) for median in (1.0, 1.02))
    (comparison,) = compare_timing(before, after)
    assert comparison.p_value < 0.01
    assert comparison.change is Change.NONE
    (strict,) = compare_timing(before, after, smallest_change=0.01)
    assert strict.change is Change.SLOWER


def test_noise_on_many_cases_raises_no_alarm():
    cases = [replace(CASE, body_count=count) for count in range(4, 84, 4)]
    before = results(*(record(noisy(1.0, seed=n), case=case) for n, case in enumerate(cases)))
    after = results(*(record(noisy(1.0, seed=100 + n), case=case) for n, case in enumerate(cases)))
    changes = {comparison.change for comparison in compare_timing(before, after, smallest_change=0.0)}
    assert changes == {Change.NONE}


def test_few_samples_decide_nothing():
    (comparison,) = compare_timing(results(record([1.0] * 5)), results(record([2.0] * 20)))
    assert comparison.change is Change.UNKNOWN


def test_physics_that_changed_outweighs_speed():
    before, after = results(record(noisy(1.0))), results(record(noisy(0.5), end=(1.1, 0.5)))
    (comparison,) = compare_timing(before, after)
    assert comparison.change is Change.PHYSICS
    broken = results(record(noisy(1.0), verdict=Verdict.WRONG))
    assert compare_timing(before, broken)[0].physics == "was ok, is wrong"


def test_case_in_one_of_the_results_only_is_listed():
    other = replace(CASE, body_count=8)
    comparisons = compare_timing(results(record(noisy(1.0))), results(record(noisy(1.0), case=other)))
    assert [comparison.change for comparison in comparisons] == [Change.ONLY_FIRST, Change.ONLY_SECOND]


def test_two_machines_are_compared_across():
    one, other = results(record(noisy(1.0))), results(record(noisy(0.5)), machine="server")
    (comparison,) = compare_timing(one, other)
    assert (comparison.machine, comparison.change) == ("mill -> server", Change.FASTER)
    both = merge_timing(one, other)
    with pytest.raises(InvalidValueError, match="mill, server"):
        compare_timing(both, results(record(noisy(1.0)), machine="third"))


def test_circumstances_that_changed_are_listed():
    before, after = results(record([1.0])), results(record([1.0]))
    other = replace(
        environment(), versions={"python": "3.12"}, load=(8.0, 8.0, 8.0), devices=("H100, driver 580",)
    )
    after = TimingResults(environments=(other,), records=after.records)
    assert changed_circumstances(before, before) == []
    assert changed_circumstances(before, after) == [
        "devices: none -> H100, driver 580",
        "python: 3.11 -> 3.12",
        "B was taken on a busy machine (load 8.0 on 2 processors): a change may be the machine's",
    ]


def test_a_circumstance_of_one_side_only_is_not_there_on_the_other():
    some = TimingResults(
        environments=(replace(environment(), load=(9.0, 0.0, 0.0), governor="powersave"),), records=()
    )
    more = TimingResults(
        environments=tuple(
            replace(environment(started=started), versions={"python": version, "torch": "2.7"}, load=None)
            for started, version in (("2026-01-01", "3.12"), ("2026-01-02", "3.11"))
        ),
        records=(),
    )
    assert changed_circumstances(some, more) == [
        "governor: powersave -> not readable",
        "python: 3.11 -> 3.11, 3.12",
        "torch: not there -> 2.7",
        "A was taken on a busy machine (load 9.0 on 2 processors): a change may be the machine's",
    ]


def test_only_code_time_and_load_may_differ_between_the_same_circumstances():
    place = environment()
    later = replace(
        place, started="2027", load=(7.0, 7.0, 7.0), versions=place.versions | {"fingerprint": "f"}
    )
    assert same_circumstances(place, later)
    assert same_circumstances(later, place)
    for change in ({"governor": "powersave"}, {"devices": ("H100",)}, {"versions": {}}, {"cpu_model": "x"}):
        assert not same_circumstances(place, replace(place, **change))
        assert not same_circumstances(replace(place, **change), place)


def test_merged_results_show_both_machines_and_the_later_session():
    early = results(record([1.0], backend="rust"), started="2026-01-01")
    late = results(record([2.0], backend="rust"), started="2026-02-01")
    server = results(record([3.0], backend="rust"), machine="server")
    merged = merge_timing(merge_timing(late, early), server)
    assert [record.samples.wall for record in merged.current] == [(2.0,), (3.0,)]
    assert len(merged.records) == 3
    assert {place.machine for place in merged.environments} == {"mill", "server"}


def test_disagreement_in_physics_is_a_conflict_that_names_both():
    one = results(record([1.0], backend="numpy"))
    other = results(record([1.0], backend="rust", end=(1.0, 0.5001)), machine="server")
    with pytest.raises(MergeConflictError, match=r"(?s)numpy on mill.*rust on server.*differ by 2\.0e-04"):
        merge_timing(one, other)


def test_wrong_results_are_merged_without_conflict():
    one = results(record([1.0]))
    other = results(record([1.0], end=(7.0, 7.0), verdict=Verdict.WRONG), machine="server")
    assert len(merge_timing(one, other).records) == 2


any_record = st.builds(
    record,
    st.lists(st.floats(0.1, 10.0), max_size=3),
    case=st.sampled_from([CASE, replace(CASE, body_count=8)]),
    backend=st.sampled_from(["numpy", "rust"]),
    verdict=st.sampled_from(Verdict),
    end=st.sampled_from([(1.0, 0.5), (1.0 + 1e-9, 0.5)]),
)
any_results = st.builds(
    lambda records, machine, started: results(*records, machine=machine, started=started),
    st.lists(any_record, max_size=4),
    machine=st.sampled_from(["mill", "server"]),
    started=st.sampled_from(["2026-01-01", "2026-02-01"]),
)


def merged_or_message(one, other):
    try:
        return merge_timing(one, other)
    except MergeConflictError as conflict:
        return str(conflict)


@given(any_results, any_results)
def test_merge_does_not_depend_on_the_order(one, other):
    assert merged_or_message(one, other) == merged_or_message(other, one)


@given(any_record, any_record, st.sampled_from(["mill", "server"]))
def test_conflict_does_not_depend_on_the_order(one, other, machine):
    elsewhere = replace(other, physics=replace(other.physics, final_position=(2.0, 0.5)))
    pair = results(one), results(elsewhere, machine=machine)
    assert merged_or_message(*pair) == merged_or_message(*reversed(pair))


@given(any_results, any_results, any_results)
def test_merge_does_not_depend_on_the_grouping(one, two, three):
    assert merge_timing(merge_timing(one, two), three) == merge_timing(one, merge_timing(two, three))


@given(any_results)
def test_merging_again_changes_nothing(one):
    merged = merge_timing(one, one)
    assert merge_timing(merged, one) == merged
