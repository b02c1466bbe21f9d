"""Dask clusters to run batches on: one that runs already, or workers in Slurm jobs of their own.

The environment says which: what a job's parameters do not hold cannot make results stale.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask

from molenspin.errors import InvalidValueError, MolenspinError

if TYPE_CHECKING:
    from distributed import Client

SCHEDULER_VARIABLE = "MOLENSPIN_DASK_SCHEDULER"
"""Address or scheduler file of a Dask cluster to run on, or ``slurm``."""

WORKERS_VARIABLE = "MOLENSPIN_DASK_WORKERS"
"""With ``slurm``: how many workers a group starts, each a Slurm job; one that dies is replaced."""

CONNECTION_SECONDS = "30s"


def scheduler_in_environment() -> str:
    """What the environment says, "" for threads of this process."""
    return os.environ.get(SCHEDULER_VARIABLE, "")


@contextmanager
def connected(scheduler: str, *, cores: int) -> Iterator["Client"]:
    """A client of the cluster, for as long as the context lasts.

    Parameters
    ----------
    scheduler
        Address, scheduler file, or ``slurm``.
    cores
        Cores of one worker, where workers are started.

    Raises
    ------
    MolenspinError
        If the cluster cannot be reached or started.
    """
    if scheduler == "slurm":
        with _slurm_workers(cores) as client:
            yield client
    else:
        with _client_of(scheduler) as client:
            yield client


def _client_of(scheduler: str) -> "Client":
    from distributed import Client

    given = {"scheduler_file": scheduler} if Path(scheduler).is_file() else {"address": scheduler}
    try:
        return Client(**given, timeout=CONNECTION_SECONDS)
    except (OSError, ValueError, TypeError) as error:
        raise MolenspinError(
            f"{SCHEDULER_VARIABLE}={scheduler}: no Dask scheduler answers there ({error}); start it, "
            "or unset the variable to run on threads of the job"
        ) from error


@contextmanager
def _slurm_workers(cores: int) -> Iterator["Client"]:
    handler = signal.getsignal(signal.SIGINT)
    try:
        from dask_jobqueue.slurm import SLURMCluster
    except ImportError as error:
        raise InvalidValueError(
            f"{SCHEDULER_VARIABLE}=slurm: install the extra 'cluster' (dask-jobqueue)"
        ) from error
    signal.signal(signal.SIGINT, handler)  # the import makes Ctrl-C a quiet end with exit code 0
    from distributed import Client

    count = _worker_count()
    site = dask.config.get("jobqueue.slurm", {})  # what the user's jobqueue.yaml says
    wanted = {"cores": cores, "processes": 1, "memory": "2GiB", "interface": "lo"}
    settings: dict[str, Any] = {key: value for key, value in wanted.items() if site.get(key) is None}
    no_dashboard = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with SLURMCluster(**settings, scheduler_options=no_dashboard) as cluster:
        cluster.adapt(minimum_jobs=count, maximum_jobs=count)
        with Client(cluster) as client:
            yield client


def _worker_count() -> int:
    text = os.environ.get(WORKERS_VARIABLE, "2")
    if not text.isdecimal() or int(text) < 1:
        raise InvalidValueError(f"{WORKERS_VARIABLE}={text}: a number of workers above 0 is needed")
    return int(text)
