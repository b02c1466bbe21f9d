"""Any one file of a finished store is lost or damaged: it is named, no number is wrong, and all is healed.

By default each file is lost once, and some are damaged; `--every-file` damages each in every way.
"""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from small_sweep import run, sweep

from molenspin.backends.registry import get_backend
from molenspin.commands.entry_point import main
from molenspin.errors import MolenspinError
from molenspin.jobs import batch_run
from molenspin.status import CaseStatus
from molenspin.store.reading import open_results
from molenspin.strict_yaml import dump_yaml

SEED = 20_261_128
STORE = "small/trajectories.zarr"
# A store of five cases in two batches; files of a kind are one entry.
DESCRIPTIONS = ("zarr.json", "mill-4/zarr.json", "mill-4/identity/description.json")
COLUMNS = ("dt", "integrator", "backend", "group", "identity", "sail_spur0.wind_speed")
OUTCOMES = ("message", "origin", "outcome", "status")
VARIABLES = ("angle", "displacement", "angular_velocity", "velocity", "reaction")
COORDINATES = ("time", "body", "quantity", "constraint")
FILES = (
    *DESCRIPTIONS,
    *(f"mill-4/{name}/zarr.json" for name in (*COLUMNS, *OUTCOMES, *VARIABLES, *COORDINATES)),
    *(f"mill-4/{name}/c/0" for name in (*COLUMNS, *COORDINATES)),
    *(f"mill-4/{name}/c/{batch}" for name in ("origin", "status") for batch in (0, 1)),
    "mill-4/message/c/1",
    *(f"mill-4/outcome/c/{batch}/0" for batch in (0, 1)),
    *(f"mill-4/{name}/c/{batch}/0/0" for name in VARIABLES for batch in (0, 1)),
)


class Fragile:
    """A backend that fails in one wind."""

    def run(self, compiled, settings, execution, history):
        if np.any(compiled.sails.wind_speed == 10.0):
            raise RuntimeError("too much wind")
        return get_backend("numpy").run(compiled, settings, execution, history)


@pytest.fixture(autouse=True, scope="module")
def fragile():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_run, "get_backend", lambda _: Fragile())
        yield


def content_in(folder):
    content = sweep(folder)
    content["storage"]["variables"] = list(VARIABLES)
    return content


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with results, and what they are."""
    folder = tmp_path_factory.mktemp("finished")
    _, node = run(content_in(folder))
    assert node["status"].values.tolist() == [CaseStatus.OK] * 4 + [CaseStatus.FAILED]
    return folder, node


@pytest.fixture
def content(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path / "out")
    (tmp_path / "config.yaml").write_text(dump_yaml(content_in(tmp_path / "out")))
    return content_in(tmp_path / "out")


def lose(path, _):
    path.unlink()


def flip(path, moment):
    content = bytearray(path.read_bytes())
    content[moment.randrange(len(content))] ^= 1 << moment.randrange(8)
    path.write_bytes(content)


def cut(path, moment):
    path.write_bytes(path.read_bytes()[: moment.randrange(path.stat().st_size)])


def test_the_list_of_files_is_that_of_the_store(finished):
    store = finished[0] / STORE
    assert {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()} == set(FILES)


def damages(every_file):
    if every_file:
        return [(harm, name) for harm in (lose, flip, cut) for name in FILES]
    sampled = random.Random(SEED).sample(FILES, 8)
    return [
        *((lose, name) for name in FILES),
        *((flip, name) for name in sampled[:4]),
        *((cut, name) for name in sampled[4:]),
    ]


def pytest_generate_tests(metafunc):
    if "harm" in metafunc.fixturenames:
        metafunc.parametrize(("harm", "name"), damages(metafunc.config.getoption("--every-file")))


def test_any_damaged_file_is_named_and_healed_and_no_number_is_wrong(
    finished, content, tmp_path, capsys, *, harm, name
):
    harm(tmp_path / "out" / STORE / name, random.Random(f"{SEED} {name}"))
    config = str(tmp_path / "config.yaml")
    assert_no_number_is_wrong(tmp_path / "out" / STORE, finished[1])
    assert_merging_is_right_or_refused(tmp_path, finished, capsys)
    for command in ("status", "plan"):
        assert main([command, config]) in (0, 2)
    capsys.readouterr()
    assert main(["verify", config]) == 1
    assert f"{name}: " in capsys.readouterr().out
    assert main(["verify", config, "--repair"]) == 0
    _, healed = run(content)
    xr.testing.assert_identical(finished[1].drop_vars("elapsed"), healed.drop_vars("elapsed"))
    assert main(["verify", config]) == 0


def assert_no_number_is_wrong(store: Path, truth: xr.Dataset):
    """Reading raises one line, or gives the true values of all cases that have results."""
    try:
        found = open_results(str(store))["mill-4"].to_dataset().load()
    except MolenspinError as error:
        assert_names_the_place(str(error))
        return
    known = found["status"].values != CaseStatus.PENDING
    assert found.sizes == truth.sizes
    xr.testing.assert_equal(found.isel(case=known), truth.isel(case=known))


def assert_merging_is_right_or_refused(tmp_path: Path, finished, capsys):
    """`merge` and `compare` raise one line, or take nothing that is lost for a result."""
    place, whole = str(tmp_path / "out" / STORE), str(finished[0] / STORE)
    for command in (["merge", place, place, "-o", str(tmp_path / "merged")], ["compare", place, whole]):
        capsys.readouterr()
        code = main(command)
        if code:
            assert code == 2
            assert_names_the_place(capsys.readouterr().err.strip())
        elif command[0] == "merge":
            assert_no_number_is_wrong(tmp_path / "merged", finished[1].sortby("identity"))
            shutil.rmtree(tmp_path / "merged")


def assert_names_the_place(message: str):
    assert "trajectories.zarr" in message
    assert "\n" not in message
