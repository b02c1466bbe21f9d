"""Results open by the path that a user has: a store, a sweep's folder, a zip; else the message helps."""

import random
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from made_stores import make_store

import molenspin as ms
from molenspin.errors import InvalidTypeError, MolenspinError
from molenspin.store.location import open_root

NAME = "trajectories.zarr"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder of results with one sweep in it."""
    folder = tmp_path_factory.mktemp("results")
    make_store(str(folder / "tiny" / NAME))
    return folder


def angles(place, **options):
    node = ms.open_results(place, **options)["mill-4"]
    return node["angle"].isel(body=0, time=0).values.tolist()


def zipped(root, base, to):
    """A zip of the folder ``base`` in ``root``, as file managers write it."""
    return Path(shutil.make_archive(str(to), "zip", root, base))


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("inside", ["", NAME])
def test_a_store_and_a_sweeps_folder_open_by_text_and_by_path(results, kind, inside):
    assert angles(kind(results / "tiny" / inside)) == [4.0, 8.0, 12.0]


@pytest.mark.parametrize("root", [".", "tiny", f"tiny/{NAME}"])
@pytest.mark.parametrize("chunks", [None, {}])
def test_a_zip_opens_wherever_the_store_stands_in_it(results, root, chunks, tmp_path):
    path = zipped(results / root, ".", tmp_path / "x")
    before = path.read_bytes()
    assert angles(path, chunks=chunks) == [4.0, 8.0, 12.0]
    assert path.read_bytes() == before


def test_a_folder_in_a_zip_opens(results, tmp_path):
    assert angles(zipped(results, "tiny", tmp_path / "x")) == [4.0, 8.0, 12.0]


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        (".", "tiny"),
        ("tinny", "tiny"),
        (f"tiny/{NAME}/mill-4", "tiny"),
        ("tiny/timing.json", "tiny"),
        ("tiny/none", "tiny"),
    ],
)
def test_what_was_meant_is_named(results, place, meant):
    (results / "tiny" / "timing.json").write_text("{}")
    with pytest.raises(MolenspinError, match="no store of results is there; did you mean") as raised:
        ms.open_results(results / place)
    assert str(raised.value).endswith(f'did you mean "{results / meant}"?')
    assert "choose another place" not in str(raised.value)


def test_a_place_without_results_is_about_reading(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for place in (tmp_path, tmp_path / "notes.txt", tmp_path / "none" / "none", "x\0y"):
        with pytest.raises(MolenspinError, match="no store of results is there; name a store") as raised:
            ms.open_results(place)
        assert "\n" not in str(raised.value)
    with pytest.raises(MolenspinError) as raised:
        open_root(str(tmp_path), read_only=True)
    assert "choose another place" not in str(raised.value)


@pytest.mark.parametrize("place", [None, 5, b"x", ["x"]])
def test_what_is_no_path_is_refused(place):
    with pytest.raises(InvalidTypeError, match="a path or a URL"):
        ms.open_results(place)


def test_a_zip_without_a_store_or_with_two_says_so(results, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("x")
    with pytest.raises(MolenspinError, match="stores in it: none"):
        ms.open_results(zipped(tmp_path, "a", tmp_path / "none"))
    for name in ("one", "two"):
        shutil.copytree(results / "tiny", tmp_path / "both" / name)
    with pytest.raises(MolenspinError, match=f"stores in it: both/one/{NAME}, both/two/{NAME}"):
        ms.open_results(zipped(tmp_path, "both", tmp_path / "two"))


@pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning")  # of entries whose names are damaged
def test_a_damaged_zip_is_a_message(results, tmp_path):
    whole, rng = zipped(results, "tiny", tmp_path / "x").read_bytes(), random.Random(0)
    for number in range(40):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 30, 1000])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        damaged = damaged[: rng.randrange(len(damaged)) if number % 4 == 0 else None]
        (tmp_path / "bad.zip").write_bytes(damaged)
        with suppress(MolenspinError):
            ms.open_results(tmp_path / "bad.zip")


def test_a_node_goes_to_netcdf_and_back(results, tmp_path):
    node = ms.open_results(results / "tiny")["mill-4"].to_dataset()
    node.to_netcdf(tmp_path / "case.nc", engine="scipy")
    back = xr.load_dataset(tmp_path / "case.nc", engine="scipy")
    hashes = ["identity", "fingerprint"]
    xr.testing.assert_equal(back.drop_vars(hashes), node.drop_vars(hashes))
    for name in hashes:
        assert [int(text) for text in back[name].values] == node[name].values.tolist()
    assert (
        back.molenspin.energy()["total"].values.tolist() == node.molenspin.energy()["total"].values.tolist()
    )
    assert set(map(type, node.attrs.values())) == {str, int}
    lazy = ms.open_results(results / "tiny", chunks={})["mill-4"].to_dataset()
    lazy.isel(case=0).to_netcdf(tmp_path / "one.nc", engine="scipy")


def test_stored_times_are_the_ones_that_were_asked_for(results):
    node = ms.open_results(results / "tiny")["mill-4"]
    assert node["time"].values.tolist() == [0.0, 0.1, 0.2]
    assert np.isfinite(node["angle"].sel(time=0.2)).all()


def test_opening_is_exported_without_loading_zarr():
    code = "import sys, molenspin; assert 'zarr' not in sys.modules; molenspin.open_results"
    subprocess.run([sys.executable, "-c", code], check=True)
