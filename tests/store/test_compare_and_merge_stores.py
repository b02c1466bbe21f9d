from argparse import Namespace

import pytest
from made_stores import make_store

from molenspin.commands import compare, merge
from molenspin.errors import InvalidValueError, MergeConflictError, MolenspinError
from molenspin.status import CaseStatus
from molenspin.store.comparison import compare_stores
from molenspin.store.merging import merge_stores
from molenspin.store.parts import find_parts
from molenspin.store.reading import open_results


def content(url):
    """All cases of a store by wind speed."""
    dataset = open_results(url)["mill-4"].to_dataset()
    columns = zip(
        dataset["sail_spur0.wind_speed"].values.tolist(),
        dataset["machine"].values.tolist(),
        dataset["status"].values.tolist(),
        dataset["angle"].values[:, 0, -1].tolist(),
        dataset["identity"].values.tolist(),
        strict=True,
    )
    return list(columns)


def test_store_compared_with_itself_shows_no_change(tmp_path):
    url = make_store(str(tmp_path / "a"))
    (change,) = compare_stores(url, url)
    assert change.is_none
    assert change.shared == 3


def test_moved_trajectories_and_lone_cases_are_counted(tmp_path):
    first = make_store(str(tmp_path / "a"))
    second = make_store(str(tmp_path / "b"), speeds=(8.0, 12.0, 14.0), offset=1e-3)
    (change,) = compare_stores(first, second)
    assert (change.shared, change.only_first, change.only_second, change.moved) == (2, 1, 1, 2)
    assert change.largest_difference == pytest.approx(1e-3 / 8.001)


def test_changed_ends_are_counted_by_what_they_became(tmp_path):
    first = make_store(str(tmp_path / "a"))
    second = make_store(str(tmp_path / "b"), status=CaseStatus.DIVERGED)
    (change,) = compare_stores(first, second)
    assert change.status_changes == {"ok -> diverged": 3}
    assert change.moved == 0


def test_merged_store_holds_every_case_once_whatever_the_order(tmp_path):
    first = make_store(str(tmp_path / "a"), machine="a")
    second = make_store(str(tmp_path / "b"), speeds=(8.0, 12.0, 14.0), machine="b")
    assert merge_stores(first, second, str(tmp_path / "ab")) == 4
    merge_stores(second, first, str(tmp_path / "ba"))
    cases = content(str(tmp_path / "ab"))
    assert cases == content(str(tmp_path / "ba"))
    assert sorted(case[:2] for case in cases) == [(4.0, "a"), (8.0, "a"), (12.0, "a"), (14.0, "b")]
    assert all(angle == speed for speed, _, _, angle, _ in cases)
    (change,) = compare_stores(first, str(tmp_path / "ab"))
    assert (change.shared, change.moved, change.only_second) == (3, 0, 1)


def test_finished_case_is_taken_before_one_that_is_not(tmp_path):
    first = make_store(str(tmp_path / "a"), machine="a", status=CaseStatus.FAILED)
    second = make_store(str(tmp_path / "b"), machine="b")
    merge_stores(first, second, str(tmp_path / "c"))
    assert {case[1] for case in content(str(tmp_path / "c"))} == {"b"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"offset": 1e-3},
            r"mill-4, numpy, rk4, dt = 0\.01 s: here \(ok\) against there \(ok\), 2\.5e-04 apart",
        ),
        ({"status": CaseStatus.DIVERGED}, r"here \(ok\) against there \(diverged\)"),
    ],
)
def test_disagreement_in_physics_is_a_conflict_that_names_both_machines(tmp_path, changes, message):
    first = make_store(str(tmp_path / "a"))
    second = make_store(str(tmp_path / "b"), machine="there", **changes)
    with pytest.raises(MergeConflictError, match=message):
        merge_stores(first, second, str(tmp_path / "c"))
    assert not (tmp_path / "c").exists()


def test_target_that_exists_is_left_alone(tmp_path):
    url = make_store(str(tmp_path / "a"))
    with pytest.raises(InvalidValueError, match="exists already"):
        merge_stores(url, url, url)


def test_commands_take_stores_and_folders(tmp_path, capsys):
    folder = tmp_path / "sweep"
    make_store(str(folder / "trajectories.zarr"))
    assert find_parts(str(folder)).store == str(folder / "trajectories.zarr")
    call = {"smallest_change": 0.05, "all": False}
    compare.run(Namespace(first=str(folder), second=str(folder), **call))
    assert capsys.readouterr().out == "trajectories: no change (cases compared: 3)\n"
    merge.run(Namespace(first=str(folder), second=str(folder), output=str(tmp_path / "c")))
    assert capsys.readouterr().out.endswith("c: 3 cases\n")
    with pytest.raises(MolenspinError, match="no timing file, no store"):
        find_parts(str(tmp_path))
