"""The store on a real S3 server: the same plan, run, resume, verify and read as on a disk."""

import numpy as np
import pytest
from small_sweep import run, sweep

from molenspin.commands.entry_point import main
from molenspin.errors import MolenspinError
from molenspin.store.location import open_remote, open_root
from molenspin.strict_yaml import dump_yaml

pytest.importorskip("obstore", reason="needs the extra 's3'")


def test_results_on_s3_are_those_on_disk(bucket, tmp_path):
    _, local = run(sweep(tmp_path / "local", str(tmp_path / "store.zarr")))
    computed, remote = run(sweep(tmp_path / "remote", "s3://bucket/sweeps/one.zarr"))
    assert computed == 5
    assert (bucket / "sweeps/one.zarr/zarr.json").is_file()
    np.testing.assert_array_equal(remote["angle"].values, local["angle"].values)
    computed, _ = run(sweep(tmp_path / "remote", "s3://bucket/sweeps/one.zarr"))
    assert computed == 0


def test_damage_on_s3_is_found_and_computed_again(bucket, tmp_path, capsys):
    content = sweep(tmp_path, "s3://bucket/damaged.zarr")
    _, before = run(content)
    chunk = bucket / "damaged.zarr/mill-4/velocity/c/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"\0")
    config = tmp_path / "config.yaml"
    config.write_text(dump_yaml(content))
    assert main(["verify", str(config), "--repair"]) == 0
    assert capsys.readouterr().out.startswith("mill-4/velocity/c/0/0/0: ")
    computed, after = run(content)
    assert computed == 3
    np.testing.assert_array_equal(after["velocity"].values, before["velocity"].values)


@pytest.mark.usefixtures("bucket")
def test_a_prefix_with_other_objects_is_refused_and_not_touched(tmp_path):
    mine = open_remote("s3://bucket/mine")
    mine.put("mill-4/thesis/chapter1.txt", b"ten years")
    with pytest.raises(MolenspinError, match="s3://bucket/mine holds something else than results"):
        run(sweep(tmp_path, "s3://bucket/mine"))
    assert [found["path"] for part in mine.list() for found in part] == ["mill-4/thesis/chapter1.txt"]
    assert bytes(mine.get("mill-4/thesis/chapter1.txt").bytes()) == b"ten years"


@pytest.mark.usefixtures("bucket")
def test_a_store_that_cannot_be_reached_is_one_message(monkeypatch):
    with pytest.raises(MolenspinError, match="no store of results"):
        open_root("s3://bucket/none.zarr")
    with pytest.raises(MolenspinError, match="s4"):
        open_root("s4://bucket/none.zarr")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(MolenspinError, match=r"s3://bucket/none\.zarr cannot be reached"):
        open_root("s3://bucket/none.zarr")
