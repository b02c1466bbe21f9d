"""Cases that two stores share, in stores made by hand."""

import numpy as np
import pytest
from made_stores import make_store

from molenspin.status import CaseStatus
from molenspin.store.comparison import StoreChange, compare_stores, store_table
from molenspin.store.location import array_of, open_root
from molenspin.store.pairing import pair_nodes, trajectory_differences

SPEED = "sail_spur0.wind_speed"


def speeds(node, slots):
    return array_of(node, SPEED).oindex[slots].tolist()


@pytest.fixture
def urls(tmp_path):
    """Winds 4, 8, 12, 16, 20 and 20, 9, 12, 4: three are shared, in another order."""
    first = make_store(str(tmp_path / "a"), speeds=(4.0, 8.0, 12.0, 16.0, 20.0))
    return first, make_store(str(tmp_path / "b"), speeds=(20.0, 9.0, 12.0, 4.0), offset=0.3)


def write(url, name, slot, value):
    array_of(open_root(url)["mill-4"], name)[slot] = value


def test_shared_cases_are_matched_and_lone_ones_listed(urls):
    (pair,) = pair_nodes(*urls)
    shared = speeds(pair.first, pair.first_slots)
    assert sorted(shared) == [4.0, 12.0, 20.0]
    assert speeds(pair.second, pair.second_slots) == shared
    assert sorted(speeds(pair.first, pair.only_first)) == [8.0, 16.0]
    assert speeds(pair.second, pair.only_second) == [9.0]
    assert pair.name == "mill-4"


def test_differences_are_relative_to_the_larger_of_the_two(urls):
    (pair,) = pair_nodes(*urls)
    found = dict(zip(speeds(pair.first, pair.first_slots), trajectory_differences(pair), strict=True))
    assert found == pytest.approx({speed: 0.3 / (speed + 0.3) for speed in (4.0, 12.0, 20.0)})
    (back,) = pair_nodes(*reversed(urls))
    assert sorted(trajectory_differences(back)) == pytest.approx(sorted(found.values()))


def test_only_cases_that_ran_to_the_end_on_both_sides_are_compared(urls):
    first, second = urls
    write(first, "status", 0, CaseStatus.DIVERGED)  # wind 4
    write(second, "status", 2, CaseStatus.FAILED)  # wind 12
    (pair,) = pair_nodes(*urls)
    found = dict(zip(speeds(pair.first, pair.first_slots), trajectory_differences(pair), strict=True))
    assert {speed for speed, value in found.items() if np.isnan(value)} == {4.0, 12.0}
    (change,) = compare_stores(*urls)
    assert change == StoreChange(
        assembly="mill-4",
        backend="numpy",
        shared=3,
        only_first=2,
        only_second=1,
        status_changes={"diverged -> ok": 1, "ok -> failed": 1},
        moved=1,
        largest_difference=pytest.approx(0.3 / 20.3),
    )


def test_a_store_that_lacks_an_assembly_shares_nothing(urls, tmp_path):
    empty = make_store(str(tmp_path / "c"), speeds=(4.0,), status=CaseStatus.PENDING)
    write(empty, "identity", 0, 0)
    write(empty, "group", 0, -1)
    (pair,) = pair_nodes(urls[0], empty)
    assert (len(pair.first_slots), len(pair.only_first), len(pair.only_second)) == (0, 5, 0)


@pytest.mark.parametrize("part", ["only_first", "only_second", "moved"])
def test_each_part_is_a_change_and_has_its_column(part):
    same = {"only_first": 0, "only_second": 0, "moved": 0}
    given = {
        "assembly": "mill",
        "backend": "rust",
        "shared": 5,
        "status_changes": {},
        "largest_difference": 0.0,
    }
    none, change = StoreChange(**given, **same), StoreChange(**given, **same | {part: 3})
    assert none.is_none
    assert not change.is_none
    table = store_table([none, change])
    column = {"only_first": "only in A", "only_second": "only in B", "moved": "moved"}[part]
    assert table[column].tolist() == [0, 3]
    assert table["status"].tolist() == ["-", "-"]


def test_changed_ends_are_listed_in_the_table():
    change = StoreChange(
        assembly="mill",
        backend="rust",
        shared=5,
        only_first=0,
        only_second=0,
        status_changes={"ok -> failed": 2, "failed -> ok": 1},
        moved=0,
        largest_difference=0.00123,
    )
    assert not change.is_none
    (row,) = store_table([change]).to_dict("records")
    assert row["status"] == "2 x ok -> failed, 1 x failed -> ok"
    assert (row["in both"], row["largest difference"]) == (5, "1.2e-03")
