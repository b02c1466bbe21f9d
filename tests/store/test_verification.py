"""Damage done on purpose: found and named, withdrawn, computed again; nothing in a store is executed."""

import pickle
import shutil
from pathlib import Path

import pytest
import xarray as xr
import zarr
from small_sweep import run, sweep

from molenspin.commands.entry_point import main
from molenspin.errors import MolenspinError
from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, planned_job
from molenspin.store.reading import open_results
from molenspin.strict_yaml import dump_yaml


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with results, and what they are."""
    folder = tmp_path_factory.mktemp("finished")
    return folder, run(sweep(folder))[1]


@pytest.fixture
def content(finished, tmp_path):
    """The sweep whose results lie in a folder of this test."""
    shutil.copytree(finished[0], tmp_path / "out")
    return sweep(tmp_path / "out")


@pytest.fixture
def config(content, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(content))
    return path


@pytest.fixture
def store(tmp_path):
    return tmp_path / "out/small/trajectories.zarr"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def test_a_whole_store_is_whole(config, store, capsys):
    assert main(["verify", str(config)]) == 0
    assert capsys.readouterr().out == f"{store}: every chunk is whole\n"


@pytest.mark.parametrize(
    ("harm", "chunk", "computed_again"),
    [
        (flip, "angle/c/0/0/0", 3),
        (cut, "angle/c/0/0/0", 3),
        (Path.unlink, "velocity/c/1/0/0", 2),
        (flip, "origin/c/0", 3),
        (Path.unlink, "outcome/c/0/0", 3),
        (cut, "status/c/1", 2),
        (flip, "identity/c/0", 5),
        (Path.unlink, "time/c/0", 0),
    ],
)
def test_damage_is_named_withdrawn_and_computed_again(
    finished, content, config, store, capsys, *, harm, chunk, computed_again
):
    harm(store / "mill-4" / chunk)
    assert main(["verify", str(config)]) == 1
    assert capsys.readouterr().out.startswith(f"mill-4/{chunk}: ")
    assert main(["verify", str(config), "--repair"]) == 0
    computed, after = run(content)
    assert computed == computed_again
    xr.testing.assert_identical(finished[1].drop_vars("elapsed"), after.drop_vars("elapsed"))


def test_reading_damage_is_an_error_that_names_verify(config, store, capsys):
    shutil.rmtree(store.parent / "groups")
    flip(store / "mill-4/status/c/0")
    for command in (["plan", str(config)], ["status", str(config)]):
        assert main(command) == 2
        assert "molenspin verify" in capsys.readouterr().err


@pytest.mark.parametrize(("place", "is_readable"), [("", True), ("mill-4", True), ("mill-4/status", False)])
@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"zarr_format": 3, "node_type": "x"}', "\0\xff"])
def test_broken_descriptions_are_named_and_written_anew(
    finished, content, config, store, capsys, *, place, is_readable, text
):
    shutil.rmtree(store.parent / "groups")
    (store / place / "zarr.json").write_text(text)
    for command in ("plan", "status"):
        assert main([command, str(config)]) == (0 if is_readable else 2)
        assert is_readable or "mill-4" in capsys.readouterr().err
    capsys.readouterr()
    assert main(["verify", str(config)]) == 1
    assert capsys.readouterr().out.startswith(f"{place}/zarr.json".lstrip("/"))
    assert main(["verify", str(config), "--repair"]) == 0
    computed, after = run(content)
    assert computed == 0
    xr.testing.assert_identical(finished[1], after)


def test_a_store_does_not_grow_among_other_files(content, tmp_path):
    content["storage"]["url"] = str(tmp_path)
    (tmp_path / "mill-4").mkdir()
    (tmp_path / "mill-4" / "thesis.txt").write_text("precious")
    with pytest.raises(MolenspinError, match="holds something else than results"):
        run(content)
    assert (tmp_path / "mill-4" / "thesis.txt").exists()


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


@pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning")  # of what does not belong there
def test_nothing_in_a_store_is_executed(content, config, store, tmp_path):
    marker = tmp_path / "executed"
    bomb = pickle.dumps(Trap(marker))
    old = zarr.open_group(str(store / "mill-4"), mode="a", zarr_format=2)
    array = old.create_array("trap", shape=(1,), chunks=(1,), dtype="int64")
    assert array.metadata.zarr_format == 2
    description = store / "mill-4/trap/.zarray"
    description.write_text(
        description.read_text()
        .replace('"<i8"', '"|O"')
        .replace('"filters":null', '"filters":[{"id":"pickle"}]')
    )
    (store / "mill-4/trap/0").write_bytes(bomb)
    for chunk in ("angle/c/0/0/0", "message/c/0", "origin/c/0"):
        (store / "mill-4" / chunk).parent.mkdir(parents=True, exist_ok=True)
        (store / "mill-4" / chunk).write_bytes(bomb)
    node = zarr.open_group(str(store / "mill-4"), mode="r+", zarr_format=3)
    node.attrs["assembly"] = f"!!python/object/apply:pathlib.Path.touch [{marker}]"
    node.attrs["simulation"] = {"duration": "__import__('os').system('true')"}
    for command in ("verify", "plan", "status"):
        main([command, str(config)])
    with pytest.raises(Exception, match=r"[Cc]hecksum"):
        open_results(str(store))["mill-4"].load()
    (store / "mill-4/status/c/0").unlink()
    shutil.rmtree(store.parent / "groups")
    project = open_project(content)
    job = planned_job(project.config, project.plan.groups[0].as_parameters())
    # The second copy of the node's description counts, which nobody touched.
    assert run_group(job).status_counts == {"ok": 5}
    assert not marker.exists()
