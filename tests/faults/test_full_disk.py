"""A disk that is full, and memory that is: one message, nothing lost, and on it goes."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fragile_sweep import Sweep
from run_sweep import run_sweep

from molenspin.cli import main
from molenspin.errors import MolenspinError
from molenspin.strict_yaml import dump_yaml


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KiB, and a function that makes it larger."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    answer = subprocess.run(mount, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip(f"no file system can be mounted here: {answer.stderr.strip()}")

    def grow():
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)

    try:
        yield folder, grow
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_one_message_and_the_rest_follows(small_disk, uninterrupted):
    folder, grow = small_disk
    sweep = Sweep(folder)
    with pytest.raises(
        MolenspinError, match=r"cannot be written: .*No space left on device; finished .* kept"
    ):
        run_sweep(sweep.config)
    kept = sweep.results()
    assert 0 < len(kept) < 12
    assert kept.items() <= uninterrupted.items()
    assert main(["verify", str(sweep.config)]) == 0
    grow()
    assert run_sweep(sweep.config) == 12 - len(kept)
    assert sweep.results() == uninterrupted


def test_a_case_that_does_not_fit_in_memory_is_a_failure_beside_others(tmp_path):
    block = {"dt": [0.01], "integrators": ["euler"], "backends": ["numpy"]}
    sizes = [{"family": "shafting", "sizes": [4, 8_000]}]
    config = tmp_path / "config.yaml"
    config.write_text(
        dump_yaml(
            {
                "name": "large",
                "sweep": [block | {"assemblies": sizes}],
                "simulation": {"duration": 0.02, "save_interval": 0.01},
                "outputs": {"directory": str(tmp_path)},
            }
        )
    )
    limit = 2 * 2**30
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("run_sweep.py")), str(config)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        check=True,
        timeout=300,
    )
    status = subprocess.check_output(
        [sys.executable, "-m", "molenspin", "status", str(config)], text=True, timeout=60
    )
    assert "shafting-4: 1 ok" in status
    assert "shafting-8000: 1 failed" in status
    assert "out of memory" in status
