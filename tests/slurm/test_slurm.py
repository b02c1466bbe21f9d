"""The Slurm profile on a real Slurm: one group is one job, killed jobs are tried again."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from molenspin.backends.registry import available_backends
from molenspin.jobs.clusters import SCHEDULER_VARIABLE
from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, planned_job
from molenspin.store.preparation import prepare_store
from molenspin.store.reading import open_results
from molenspin.store.records import load_records
from molenspin.strict_yaml import dump_yaml

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]

# What a cluster of one busy machine needs: look early, ask for little.
IMPATIENT = (
    *("--latency-wait", "2", "--slurm-init-seconds-before-status-checks", "1"),
    *("--default-resources", "mem_mb=500", "runtime=5"),
)


def sweep(folder, duration=0.1, **execution):
    """Two groups of one batch each."""
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.002],
        "integrators": ["rk4"],
        "backends": ["numpy"],
        "space": {"grid": {"sail_spur0.wind_speed": [7.0, 8.0, 9.0, 10.0]}},
    }
    return {
        "name": "tiny",
        "sweep": [block],
        "simulation": {"duration": duration, "save_interval": 0.02},
        "timing": {"repeats": 0},
        "storage": {"batch_members": 2},
        "execution": {"threads": 2, "job_seconds": 0.001} | execution,
        "outputs": {"directory": str(folder / "results"), "profile_seconds": 0},
    }


def command(folder, content, *arguments):
    path = folder / "config.yaml"
    path.write_text(dump_yaml(content))
    snakemake = [sys.executable, "-m", "snakemake", "--directory", str(folder)]
    places = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(path)]
    profile = ["--workflow-profile", str(ROOT / "workflow/profiles/slurm"), *IMPATIENT]
    return [*snakemake, *places, *profile, *arguments]


def submitted_jobs():
    """Number of each job that was ever submitted, and its cores."""
    lines = subprocess.check_output(["squeue", "--noheader", "--states=all", "--format=%i %C %j"], text=True)
    return {line.split()[0]: int(line.split()[1]) for line in lines.splitlines()}


def kill_the_first_group(folder, snakemake):
    """Kill -9 all processes of the Slurm job of the first group that has begun."""
    while snakemake.poll() is None:
        for claim in folder.glob("results/tiny/trajectories.zarr.claims/numpy*.claim"):
            if text := claim.read_text():
                environment = Path(f"/proc/{json.loads(text)['pid']}/environ").read_text()
                job = re.search(r"\0SLURM_JOB_ID=(\d+)\0", environment)[1]
                subprocess.run(["scancel", "--signal=KILL", "--full", job], check=True)
                return
        time.sleep(0.05)


@pytest.mark.usefixtures("slurm")
def test_a_group_is_a_job_and_a_killed_job_is_tried_again(tmp_path):
    content = sweep(tmp_path, duration=10.0, backend_threads=2)  # long enough to be killed on the way
    with subprocess.Popen(
        command(tmp_path, content, "--until", "simulate"), stderr=subprocess.PIPE, text=True
    ) as process:
        kill_the_first_group(tmp_path, process)
        _, messages = process.communicate()
    assert process.returncode == 0, messages
    assert list(submitted_jobs().values()) == [2, 2, 2]
    records = load_records(tmp_path / "results/tiny/groups")
    assert [record.status_counts for record in records] == [{"ok": 2}] * 2
    node = open_results(str(tmp_path / "results/tiny/trajectories.zarr"))["mill-4"]
    assert node["status"].values.tolist() == [1] * 4


def test_groups_on_a_gpu_ask_for_one(tmp_path):
    if "torch" not in available_backends():
        pytest.skip("the torch backend is not installed")
    content = sweep(tmp_path, device="cuda")
    content["sweep"][0]["backends"] = ["numpy", "torch"]
    process = subprocess.run(
        command(tmp_path, content, "--dry-run", "--until", "simulate"),
        capture_output=True,
        text=True,
        check=True,
    )
    asked = re.findall(
        r"wildcards: group=(\w+)-\d+\n(?: +threads: \d+\n)? +resources: .*gpu=(\d)",
        process.stdout + process.stderr,
    )
    assert set(asked) == {("numpy", "0"), ("torch", "1")}


@pytest.mark.usefixtures("slurm")
def test_dask_workers_in_slurm_jobs_are_replaced(tmp_path, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    monkeypatch.setenv(SCHEDULER_VARIABLE, "slurm")
    project = open_project(sweep(tmp_path, job_seconds=20))
    prepare_store(project.plan, project.places.store)
    before = set(submitted_jobs())
    listening = []

    def kill(_):
        if not listening:
            listening.extend(listening_addresses())
            started = sorted(set(submitted_jobs()) - before)
            subprocess.run(["scancel", "--signal=KILL", "--full", started[0]], check=True)

    record = run_group(planned_job(project.config, project.plan.groups[0].as_parameters()), show=kill)
    assert record.status_counts == {"ok": 4}
    assert set(listening) == {"0100007F"}, "a server is bound to more than loopback"


def listening_addresses():
    """Addresses, as the kernel writes them, on which this process accepts connections."""
    sockets = {str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()}
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
