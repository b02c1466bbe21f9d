"""Timings of several sweeps in one: contents of one name, and durations, stay apart in tables and figures."""

from dataclasses import replace

import pandas as pd
import pytest
from made_results import ENVIRONMENT, made_timing

from molenspin.analysis.break_even import break_even_table
from molenspin.analysis.results import SweepResults
from molenspin.analysis.speedups import by_size
from molenspin.timing import TimingResults, merge_timing


def changed(made: TimingResults, started: str, **changes) -> TimingResults:
    """The same timings of other cases, of another session."""
    environment = replace(ENVIRONMENT, started=started)
    records = [
        replace(record, session=environment.session, case=replace(record.case, **changes))
        for record in made.records
    ]
    return TimingResults(environments=(environment,), records=tuple(records))


@pytest.fixture
def made():
    return made_timing(sizes=(4,))


@pytest.fixture
def two_contents(made):
    return SweepResults(pd.DataFrame(), merge_timing(made, changed(made, "2026-01-02", content="edited")))


def test_contents_of_one_name_have_names_of_their_own(two_contents):
    table = two_contents.speedup
    assert set(table["assembly"]) == {"mill@mill o", "mill@edited"}
    assert table.groupby("assembly")["key"].nunique().tolist() == [1, 1]
    assert set(two_contents.equal_error()["assembly"]) == set(table["assembly"])
    assert len(set(two_contents.curve_titles.values())) == len(two_contents.curves) == 2


def test_no_line_and_no_break_even_mixes_them(two_contents, made):
    alone = SweepResults(pd.DataFrame(), made).speedup
    lines = list(by_size(two_contents.speedup))
    assert len(lines) == 2 * len(list(by_size(alone)))
    assert all(line.rows["key"].nunique() == 1 for line in lines)
    assert len(break_even_table(two_contents.speedup)) == 2 * len(break_even_table(alone))
    assert len(two_contents.phase_shares) == 2 * len(SweepResults(pd.DataFrame(), made).phase_shares)


def test_sizes_of_a_family_share_its_name():
    results = SweepResults(pd.DataFrame(), made_timing(sizes=(4, 12)))
    assert set(results.speedup["assembly"]) == {"mill"}


def test_durations_stay_apart(made):
    longer = changed(made, "2026-01-02", step_count=10_000)
    results = SweepResults(pd.DataFrame(), merge_timing(made, longer))
    steps = {(line.rows["step_count"] * line.rows["dt"]).nunique() for line in by_size(results.speedup)}
    assert steps == {1}
    assert len(set(results.curve_titles.values())) == len(results.curves)
    assert set(break_even_table(results.speedup)["assembly"]) == {
        f"mill, {seconds} s" for seconds in (2, 10, 20, 40, 100)
    }
