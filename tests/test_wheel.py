"""What a wheel must bring; `make wheel-test` builds one and names it."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
WHEEL = os.environ.get("MOLENSPIN_WHEEL")

pytestmark = pytest.mark.skipif(not WHEEL, reason="MOLENSPIN_WHEEL names no wheel: see `make wheel-test`")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with ZipFile(ROOT / str(WHEEL)) as wheel:
        wheel.extractall(folder)
    return folder


def test_the_wheel_holds_the_package_with_its_workflow(site):
    sources = [ROOT / "Snakefile"]
    sources += [path for name in ("workflow", "profiles") for path in (ROOT / name).rglob("*.*")]
    expected = {f"workflow_files/{path.relative_to(ROOT)}": path for path in sources if path.is_file()}
    package = [path for path in (ROOT / "molenspin").rglob("*") if path.suffix in (".py", ".yaml", ".ipynb")]
    expected |= {str(path.relative_to(ROOT / "molenspin")): path for path in package}
    assert len(expected) > 150
    for name, path in expected.items():
        assert (site / "molenspin" / name).read_bytes() == path.read_bytes(), name


def test_a_sweep_runs_in_an_empty_folder(site, tmp_path):
    def molenspin(*arguments):
        command = [sys.executable, "-P", "-m", "molenspin", *arguments]
        environment = os.environ | {"PYTHONPATH": str(site)}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    assert molenspin("init").returncode == 0
    process = molenspin("run", "sweep.yaml", "--cores", "2", "--config", "outputs={accuracy: false}")
    assert process.returncode == 0, process.stderr
    assert str(site) in process.stderr  # the profile is the wheel's
    assert (tmp_path / "results/winch/simulations.json").is_file()
