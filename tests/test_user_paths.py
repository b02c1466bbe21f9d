from pathlib import Path

import pytest

from molenspin.assembly.families import benchmark_assembly
from molenspin.assembly.yaml_format import load_assembly, save_assembly
from molenspin.config import config_from_mapping
from molenspin.errors import MolenspinError
from molenspin.pipeline.project import open_project
from molenspin.user_paths import user_location, user_path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and another working directory."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


def test_tilde_is_the_home_folder(home: Path):
    assert user_path("~/a/b") == home / "a/b"
    assert user_path(Path("~")) == home
    assert user_path("a~/b") == Path("a~/b")
    assert user_location("~/a.zarr") == f"{home}/a.zarr"
    assert user_location("s3://bucket/~") == "s3://bucket/~"


@pytest.mark.parametrize(
    "path", ["", " ", "a\0b", "a\nb", "\ud800", "x" * 256, "~nobody-here", None, 3, b"a"]
)
def test_what_cannot_be_a_path_is_refused(path: object):
    with pytest.raises(MolenspinError):
        user_path(path)


def test_a_sweep_with_tildes_stays_in_the_home_folder(home: Path):
    save_assembly(benchmark_assembly("mill", 4), "~/mill.yaml")
    assert load_assembly("~/mill.yaml").name == "mill4"
    content = {
        "name": "x",
        "sweep": [{"assemblies": [{"files": ["~/mill.yaml"]}], "dt": [0.01], "backends": ["numpy"]}],
        "storage": {"url": "~/data/x.zarr"},
        "outputs": {"directory": "~/sweeps"},
    }
    project = open_project(content)
    assert project.places.folder == home / "sweeps/x"
    assert project.places.store == f"{home}/data/x.zarr"
    assert project.config == config_from_mapping(content)
    assert project.config.outputs.directory == "~/sweeps", "the configuration is published as it was written"
    assert not list(Path.cwd().iterdir())
