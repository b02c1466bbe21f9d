"""A disk that is full: one message, nothing lost, and on it goes."""

import os
import shutil
import subprocess

import pytest
from fragile_sweep import Sweep
from run_sweep import run_sweep

from molenspin.commands.entry_point import main
from molenspin.errors import MolenspinError


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


def test_a_full_disk_is_one_message_and_the_rest_follows(small_disk, uninterrupted, backend):
    folder, grow = small_disk
    sweep = Sweep(folder, backend)
    with pytest.raises(
        MolenspinError, match=r"cannot be written: .*No space left on device; finished .* kept"
    ):
        run_sweep(sweep.config)
    kept = sweep.results()
    assert 0 < len(kept) < 12
    assert kept.items() <= uninterrupted(backend).items()
    assert main(["verify", str(sweep.config)]) == 0
    grow()
    assert run_sweep(sweep.config) == 12 - len(kept)
    assert sweep.results() == uninterrupted(backend)


def test_a_full_disk_shows_no_traceback_where_the_log_is_on_it_too(small_disk, tmp_path):
    sweep = Sweep(small_disk[0], "rust")
    process = subprocess.run(sweep.snakemake(tmp_path), capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert "No space left on device; finished batches are kept: make room, then run again" in process.stderr
    assert "Traceback" not in process.stderr
