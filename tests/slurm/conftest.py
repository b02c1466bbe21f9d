"""A real Slurm on this machine, for the tests of this folder."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

START = Path(__file__).with_name("start.sh")
NEEDED = ("munged", "slurmctld", "slurmd")


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A running cluster of one node, which `sbatch` and its like find."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("starting Slurm needs root")
    folder = tmp_path_factory.mktemp("slurm")
    with subprocess.Popen(
        [START, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as daemons:
        try:
            assert daemons.stdout.readline() == "ready\n"
            yield os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
        finally:
            daemons.stdin.close()
            daemons.wait()
