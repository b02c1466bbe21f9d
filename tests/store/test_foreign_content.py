"""What other people put into a store stays, is passed over by name, and is never taken for results."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from made_stores import make_store
from small_sweep import run, sweep

from molenspin.commands.entry_point import main
from molenspin.errors import MolenspinError
from molenspin.store import preparation
from molenspin.store.case_statuses import status_of
from molenspin.store.merging import merge_stores
from molenspin.store.reading import open_results, read_ledger
from molenspin.strict_yaml import dump_yaml


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with results, and what they are."""
    folder = tmp_path_factory.mktemp("finished")
    return folder, run(sweep(folder))[1]


@pytest.fixture
def store(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path / "out")
    return tmp_path / "out/small/trajectories.zarr"


@pytest.fixture
def content(tmp_path):
    return sweep(tmp_path / "out")


@pytest.fixture
def config(content, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(content))
    return str(path)


def write_by_xarray(dataset: xr.Dataset, store, group="mill-4"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Zarr's, about its consolidated metadata
        dataset.to_zarr(store, group=group, mode="a")


def add_derived_variable(store):
    """What xarray does: the variable is added, and the attributes of the group are replaced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        angle = xr.open_zarr(store, group="mill-4")["angle"]
    write_by_xarray((57.3 * angle).rename("angle_degrees").reset_coords(drop=True).to_dataset(), store)
    assert json.loads((store / "mill-4/zarr.json").read_text())["attributes"] == {}


def files_below(folder: Path):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_node_whose_attributes_xarray_replaced_is_still_one(finished, content, config, store, capsys):
    add_derived_variable(store)
    assert main(["status", config]) == 0
    assert capsys.readouterr().out == "mill-4: 5 ok\n"
    assert main(["verify", config]) == 1
    assert "mill-4/zarr.json: its attributes were replaced" in capsys.readouterr().out
    xr.testing.assert_identical(open_results(str(store))["mill-4"].to_dataset().load(), finished[1])
    computed, _ = run(content)
    assert computed == 0


@pytest.mark.parametrize("heal", ["--repair", "run"])
def test_its_description_is_restored_and_the_variable_stays(finished, content, config, store, heal):
    described = json.loads((store / "mill-4/zarr.json").read_text())["attributes"]
    add_derived_variable(store)
    derived = files_below(store / "mill-4/angle_degrees")
    if heal == "run":
        run(content)
    else:
        assert main(["verify", config, heal]) == 0
    assert main(["verify", config]) == 0
    assert json.loads((store / "mill-4/zarr.json").read_text())["attributes"] == described
    assert files_below(store / "mill-4/angle_degrees") == derived
    xr.testing.assert_identical(open_results(str(store))["mill-4"].to_dataset().load(), finished[1])


def test_a_longer_sweep_goes_past_a_derived_variable(content, store):
    add_derived_variable(store)
    content["sweep"][0]["dt"] = [0.002, 0.001]
    computed, node = run(content)
    assert computed == 5
    assert "angle_degrees" not in node
    assert np.isfinite(node["angle"]).all()


def test_a_withdrawn_node_keeps_what_others_added(finished, content, config, store):
    add_derived_variable(store)
    derived = files_below(store / "mill-4/angle_degrees")
    (store / "mill-4/identity/c/0").unlink()
    assert main(["verify", config, "--repair"]) == 0
    computed, node = run(content)
    assert computed == 5
    xr.testing.assert_identical(node.drop_vars("elapsed"), finished[1].drop_vars("elapsed"))
    assert files_below(store / "mill-4/angle_degrees") == derived
    assert main(["verify", config]) == 0


def test_groups_and_files_of_others_are_passed_over(finished, content, config, store):
    node = finished[1]
    write_by_xarray(node[["angle"]].reset_coords(drop=True), store, group="mine")
    write_by_xarray(node.drop_vars("machine"), store, group="a-copy-of-all")
    (store / "notes.txt").write_text("precious")
    (store / "thesis").mkdir()
    (store / "thesis/chapter").write_text("precious")
    assert main(["verify", config, "--repair"]) == 0
    before = {path: content for path, content in files_below(store).items() if path.name != "zarr.json"}
    computed, _ = run(content)
    assert computed == 0
    assert [*open_results(str(store)).children] == ["mill-4"]
    assert [(node.name, node.counts) for node in status_of(str(store))] == [("mill-4", {"ok": 5})]
    after = files_below(store)
    assert {path: after[path] for path in before} == before


def lose_description(store):
    add_derived_variable(store)
    (store / "mill-4/identity/description.json").unlink()


def test_a_node_that_nothing_describes_stops_everything_and_is_not_touched(content, config, store, capsys):
    lose_description(store)
    before = files_below(store)
    for command in (["status", config], ["verify", config], ["verify", config, "--repair"], ["plan", config]):
        assert main(command) == 2
        shown = capsys.readouterr().err
        assert "mill-4 holds results, but what described them is gone" in shown
        assert "move that folder" in shown
    with pytest.raises(MolenspinError, match="nothing was changed"):
        run(content)
    with pytest.raises(MolenspinError, match="mill-4 holds results"):
        open_results(str(store))
    assert files_below(store) == before


@pytest.mark.parametrize("place", ["zarr.json", "identity/thesis.txt", "notes/thesis.txt"])
def test_a_group_of_others_where_a_node_must_go_is_not_touched(content, store, place):
    shutil.rmtree(store / "mill-4")
    path = store / "mill-4" / place
    path.parent.mkdir(parents=True)
    if place == "zarr.json":
        zarr.open_group(store, path="mill-4", mode="w").create_array("status", shape=(3,), dtype="int8")
    else:
        path.write_text("precious")
    before = files_below(store / "mill-4")
    with pytest.raises(MolenspinError, match="mill-4 holds something else than results"):
        run(content)
    assert files_below(store / "mill-4") == before


@pytest.mark.parametrize(
    "moment", ["_write_coordinates", "write_description", "_create_variable", "_add_slots"]
)
def test_a_node_whose_creation_was_killed_is_created_by_the_next_run(tmp_path, monkeypatch, moment):
    content = sweep(tmp_path)

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(preparation, moment, die)
        with pytest.raises(KeyboardInterrupt):
            run(content)
    url = str(tmp_path / "small/trajectories.zarr")
    assert read_ledger(url).nodes.keys() <= {"mill-4"}
    content["storage"]["batch_members"] = 2
    computed, node = run(content)
    assert computed == 5
    assert np.isfinite(node["angle"]).all()


def test_stores_of_earlier_versions_are_read_run_and_described(finished, content, config, store):
    (store / "mill-4/identity/description.json").unlink()
    path = store / "mill-4/zarr.json"
    document = json.loads(path.read_text())
    for name in ("node", "variables"):
        del document["attributes"][name]
    path.write_text(json.dumps(document))
    root = json.loads((store / "zarr.json").read_text())
    del root["attributes"]["checksum"], root["consolidated_metadata"]
    (store / "zarr.json").write_text(json.dumps(root))
    assert main(["verify", config]) == 0
    computed, node = run(content)
    assert computed == 0
    attributes = {name: node.attrs[name] for name in ("layout", "assembly", "simulation")}
    assert attributes == {name: finished[1].attrs[name] for name in attributes}
    xr.testing.assert_equal(node, finished[1])
    assert (store / "mill-4/identity/description.json").is_file()
    assert main(["verify", config]) == 0


def test_merging_passes_over_what_others_added(tmp_path):
    first = make_store(str(tmp_path / "first"))
    second = make_store(str(tmp_path / "second"), speeds=(12.0, 16.0))
    add_derived_variable(tmp_path / "first")
    assert merge_stores(first, second, str(tmp_path / "merged")) == 4
    node = open_results(str(tmp_path / "merged"))["mill-4"].to_dataset().load()
    assert sorted(node["angle"][:, 0, 0].values.tolist()) == [4.0, 8.0, 12.0, 16.0]
    assert "angle_degrees" not in zarr.open_group(str(tmp_path / "merged/mill-4"), mode="r")
    assert main(["verify", "--store", str(tmp_path / "merged")]) == 0
