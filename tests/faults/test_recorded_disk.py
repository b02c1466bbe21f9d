"""The recorder of a disk: a power loss takes what was not flushed, and nothing else."""

import os
import random

import pytest
from recorded_disk import RecordedDisk

from molenspin.output.durable_files import delete_durably, sync_folder, sync_trees, write_durably


@pytest.fixture
def disk(tmp_path):
    return RecordedDisk(tmp_path)


def remains(disk, name):
    """What a file may hold after the power is lost at the end; None: it is missing."""
    trees = (disk.after_power_loss(len(disk.operations), random.Random(seed)) for seed in range(300))
    return {tree.get(name) for tree in trees}


def test_a_file_that_is_not_flushed_may_be_missing_cut_off_or_zero(disk):
    with disk.recording():
        (disk.root / "a").write_bytes(b"xy")
    assert remains(disk, "a") == {None, b"", b"x", b"xy", b"x\0", b"\0\0"}


def test_a_flushed_file_in_a_folder_that_is_not_may_be_missing_but_not_torn(disk):
    with disk.recording(), (disk.root / "a").open("wb") as file:
        file.write(b"xy")
        file.flush()
        os.fsync(file.fileno())
    assert remains(disk, "a") == {None, b"xy"}


def test_a_rename_may_reach_the_disk_before_the_content(disk):
    with disk.recording():
        write_durably(disk.root / "b", b"old")
        (disk.root / "new").write_bytes(b"new")
        (disk.root / "new").replace(disk.root / "b")
    assert {b"old", b"new", b"", b"\0\0\0"} <= remains(disk, "b")
    assert None not in remains(disk, "b")


def test_a_deleted_file_may_come_back_until_the_folder_is_flushed(disk):
    with disk.recording():
        write_durably(disk.root / "a", b"xy")
        (disk.root / "a").unlink()
        assert remains(disk, "a") == {None, b"xy"}
        sync_folder(disk.root)
    assert remains(disk, "a") == {None}


def test_a_new_folder_is_lost_with_all_that_was_flushed_in_it(disk):
    with disk.recording():
        (disk.root / "folder").mkdir()
        write_durably(disk.root / "folder/a", b"xy")
        assert remains(disk, "folder/a") == {None, b"xy"}
        sync_folder(disk.root)
    assert remains(disk, "folder/a") == {b"xy"}


def test_what_is_written_durably_stays_with_its_new_folders(disk):
    with disk.recording():
        write_durably(disk.root / "one/two/a", b"old")
        assert remains(disk, "one/two/a") == {b"old"}
        before = len(disk.operations)
        write_durably(disk.root / "one/two/a", b"new")
    assert remains(disk, "one/two/a") == {b"new"}
    for moment in range(before, len(disk.operations)):
        trees = (disk.after_power_loss(moment, random.Random(seed)) for seed in range(20))
        assert {tree["one/two/a"] for tree in trees} <= {b"old", b"new"}


def test_what_is_deleted_durably_does_not_come_back(disk):
    with disk.recording():
        write_durably(disk.root / "a", b"xy")
        delete_durably(disk.root / "a")
        delete_durably(disk.root / "a")
        delete_durably(disk.root / "folder/a")
    assert remains(disk, "a") == {None}


def test_trees_that_are_flushed_together_stay_whole(disk):
    names = ["c/0/0/0", "c/0/0/1", "c/7", "other/c/0"]
    with disk.recording():
        for name in names:
            (disk.root / name).parent.mkdir(parents=True, exist_ok=True)
            (disk.root / name).write_bytes(name.encode())
        sync_trees(disk.root, ["c/0", "c/7", "missing/c/9"])
    for name in names[:3]:
        assert remains(disk, name) == {name.encode()}
    assert None in remains(disk, "other/c/0")
