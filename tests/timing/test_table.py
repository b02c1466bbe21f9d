"""The table of timings made by hand: speedups, notes and texts."""

from dataclasses import replace

import pytest
from made_results import ENVIRONMENT, made_record

from molenspin.integrators import Integrator
from molenspin.timing import TimingResults, Verdict, format_table, samples_dataset, timing_table
from molenspin.timing.samples import Samples


def record(
    backend, *, size=4, wall=(), dt=0.01, wanted=0, first_call=3.0, environment=ENVIRONMENT, **physics
):
    made = made_record(backend, size, Integrator.RK4, dt, **physics)
    samples = Samples(
        first_call=first_call, wall=tuple(wall), rounds=tuple(range(len(wall))), wanted=wanted or len(wall)
    )
    return replace(made, session=environment.session, samples=samples)


def results(*records, environments=(ENVIRONMENT,)):
    return TimingResults(environments=environments, records=records)


def table(*records, **options):
    return timing_table(results(*records), **options).set_index("backend")


def texts(*records):
    """The rows that `format_table` prints, cut where the columns are."""
    printed = format_table(timing_table(results(*records)))
    return [" ".join(line.split()) for line in printed.splitlines()[1:]]


def test_speedups_refer_to_the_baseline_of_their_case():
    slow, fast = record("numpy", wall=[2.0] * 6), record("rust", wall=[0.5] * 6)
    other = [record("numpy", size=12, wall=[9.0] * 6), record("rust", size=12, wall=[1.0] * 6)]
    found = timing_table(results(slow, fast, *other))
    assert found["speedup"].tolist() == [1.0, 4.0, 1.0, 9.0]
    assert found["median"].tolist() == [2.0, 0.5, 9.0, 1.0]
    assert table(slow, fast, baseline="rust").loc["numpy", "speedup"] == 0.25


def test_a_baseline_of_another_session_does_not_count():
    later = replace(ENVIRONMENT, started="2026-02-02")
    slow = record("numpy", wall=[2.0] * 6)
    fast = record("rust", wall=[0.5] * 6, environment=later)
    found = timing_table(results(slow, fast, environments=(ENVIRONMENT, later)))
    assert found["speedup"].isna().tolist() == [False, True]


def test_a_wrong_baseline_gives_no_speedup():
    found = table(record("numpy", wall=[2.0] * 6, verdict=Verdict.WRONG), record("rust", wall=[0.5] * 6))
    assert found["speedup"].isna().all()
    assert found["median"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("wall", "wanted", "note"),
    [
        ([1.0] * 6, 6, "not distinguishable from numpy"),
        ([1.0] * 6, 8, "slow: 6 of 8 runs; not distinguishable from numpy"),
        ([1.0] * 5, 5, "too few runs for an interval"),
        ([2.0] * 6, 6, ""),
    ],
)
def test_a_note_says_what_limits_a_timing(wall, wanted, note):
    baseline = record("numpy", wall=[1.0] * 6)
    found = table(baseline, record("rust", wall=wall, wanted=wanted))
    assert found["note"].tolist() == ["", note]
    assert table(record("rust", wall=[1.0] * 6)).loc["rust", "note"] == ""


def test_a_failed_backend_says_why():
    found = table(record("rust", verdict=Verdict.FAILED, reason="no such device"))
    assert found.loc["rust", "note"] == "failed: no such device"


def test_numbers_are_printed_in_milliseconds_and_megabytes():
    timed = record("numpy", wall=[0.002] * 6, error=1.24e-3, uncertainty=2e-6)
    timed = replace(timed, peak_memory=2_500_000, peak_device_memory=7_000_000)
    assert texts(timed) == [
        "4 numpy 2 2 .. 2 6 3000 1 - 1.2e-03 ± 2e-06 2.5 7",
    ]


def test_what_is_not_known_is_a_dash():
    unknown = replace(record("numpy", wall=[0.002] * 5, error=None), peak_memory=None)
    assert texts(unknown) == ["4 numpy 2 - 5 3000 1 - - - n/a too few runs for an interval"]
    unsure = record("numpy", wall=[0.002] * 5, error=2e-3)
    assert "1 - 2.0e-03 1 n/a" in texts(unsure)[0]


def test_a_case_names_its_members_where_there_are_several():
    case = record("numpy").case
    assert str(case) == "mill 4 bodies, rk4 dt=0.01 s, 200 steps"
    assert str(replace(case, member_count=2)) == "mill 4 bodies x 2 members, rk4 dt=0.01 s, 200 steps"


def test_a_dataset_has_a_gap_for_every_round_that_a_backend_sat_out():
    slow = record("numpy", wall=[5.0, 6.0])
    slow = replace(slow, samples=replace(slow.samples, rounds=(1, 3), visits=(0, 1)))
    failed = record("torch", verdict=Verdict.FAILED)
    dataset = samples_dataset(results(slow, record("rust", wall=[1.0, 2.0, 3.0]), failed))
    assert dataset["wall"].fillna(-1).values.tolist() == [[-1, 5, -1, 6], [1, 2, 3, -1], [-1] * 4]
    assert dataset["visit"].fillna(-1).values.tolist() == [[-1, 0, -1, 1], [-1] * 4, [-1] * 4]


def test_a_dataset_of_backends_that_never_ran_has_no_rounds():
    assert samples_dataset(results(record("torch", verdict=Verdict.FAILED))).sizes["round"] == 0
    assert samples_dataset(results()).sizes == {"record": 0, "round": 0}
