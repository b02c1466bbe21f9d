"""Groups on Dask clusters: a worker killed in the middle, workers that cannot do it, nobody there."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from random import Random
from threading import Timer

import dask
import numpy as np
import pytest
from distributed import Client, LocalCluster

from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.jobs.batch_run import compute_batch, run_batch
from molenspin.jobs.clusters import SCHEDULER_VARIABLE, WORKERS_VARIABLE, connected
from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, planned_job
from molenspin.store.preparation import prepare_store
from molenspin.store.reading import open_results

SEED = 20_261_123


def sweep(folder):
    """One group of six batches of some tenths of a second."""
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.002],
        "integrators": ["rk4"],
        "backends": ["numpy"],
        "space": {"grid": {"sail_spur0.wind_speed": [7.0, 8.0, 9.0, 10.0, 11.0, 12.0]}},
    }
    return {
        "sweep": [block],
        "simulation": {"duration": 0.4, "save_interval": 0.02},
        "storage": {"batch_members": 1},
        "outputs": {"directory": str(folder)},
    }


def run(content, **options):
    project = open_project(content)
    prepare_store(project.plan, project.places.store)
    record = run_group(planned_job(project.config, project.plan.groups[0].as_parameters()), **options)
    return record, open_results(project.places.store)["mill-4"].load()


@pytest.fixture(scope="module")
def cluster():
    given = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1"}
    given["dashboard_address"] = "127.0.0.1:0"  # else it wants port 8787, which another test may have
    settings = {
        "distributed.scheduler.allowed-failures": 1,
        # It looks so long after a kill, and would close for good a worker that is down again at that moment.
        "distributed.deploy.lost-worker-timeout": "1h",
    }
    with dask.config.set(settings), LocalCluster(**given, silence_logs=50) as cluster:
        yield cluster


def workers_of(client):
    """Processes of both workers, once both answer: a kill at the end of a run takes a while to be noticed."""
    while len(found := client.run(os.getpid, on_error="ignore")) < 2:
        time.sleep(0.1)
    return list(found.values())


def test_a_worker_killed_at_a_random_moment_costs_nothing_but_time(
    cluster, tmp_path, monkeypatch, pytestconfig
):
    """`--kills 20` kills one in each of twenty runs."""
    _, alone = run(sweep(tmp_path / "alone"))
    monkeypatch.setenv(SCHEDULER_VARIABLE, cluster.scheduler_address)
    moment = Random(SEED)
    for number in range(pytestconfig.getoption("kills") or 1):
        with Client(cluster) as client:
            victim = moment.choice(workers_of(client))
        timer = Timer(moment.uniform(0.0, 0.8), os.kill, (victim, signal.SIGKILL))
        timer.start()
        record, node = run(sweep(tmp_path / f"cluster-{number}"))
        timer.join()
        assert record.status_counts == {"ok": 6}
        for name in ("angle", "displacement", "angular_velocity", "velocity"):
            np.testing.assert_array_equal(node[name].values, alone[name].values)


def test_of_batches_that_wait_on_a_worker_only_the_one_that_kills_it_fails(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv(SCHEDULER_VARIABLE, cluster.scheduler_address)
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    monkeypatch.setattr("molenspin.jobs.executor.run_batch", partial(_die_of_little_wind, run_batch))
    monkeypatch.setattr("molenspin.jobs.executor.compute_batch", partial(_die_of_little_wind, compute_batch))
    record, node = run(sweep(tmp_path))
    assert record.status_counts == {"ok": 5, "failed": 1}
    assert node["message"].values.tolist() == ["every worker that ran it died: out of memory?"] + [""] * 5


def _die_of_little_wind(work, task):
    if task.parameters[0, 0] == 7.0:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(task)


def test_nobody_at_the_address_is_one_message(monkeypatch):
    monkeypatch.setattr("molenspin.jobs.clusters.CONNECTION_SECONDS", "0.2s")
    with (
        pytest.raises(MolenspinError, match="no Dask scheduler answers there"),
        connected("127.0.0.1:9", cores=1),
    ):
        pass


@pytest.mark.parametrize("count", ["0", "-1", "two", ""])
def test_a_wrong_number_of_workers_is_refused(monkeypatch, count):
    monkeypatch.setenv(WORKERS_VARIABLE, count)
    with pytest.raises(InvalidValueError, match="a number of workers above 0"), connected("slurm", cores=1):
        pass


def test_ctrl_c_interrupts_where_workers_are_started_in_slurm_jobs():
    attempt = f"""
import os, signal
from molenspin.jobs.clusters import connected
os.environ["{WORKERS_VARIABLE}"] = "0"
try:
    connected("slurm", cores=1).__enter__()
except Exception:
    signal.raise_signal(signal.SIGINT)
"""
    process = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True, check=False)
    assert process.stderr.endswith("KeyboardInterrupt\n")
    assert process.returncode != 0
