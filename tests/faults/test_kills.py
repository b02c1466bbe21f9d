"""Kill -9 at random moments: what was finished stays, and the end is that of a run without kills.

`--kills 20` makes it twenty moments each, for jobs of several backends and for the whole tree of Snakemake.
"""

import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from fragile_sweep import Sweep
from run_sweep import run_sweep

from molenspin.commands.entry_point import main

SEED = 20_261_123


def job(sweep):
    return [sys.executable, str(Path(__file__).with_name("run_sweep.py")), str(sweep.config)]


def tree(sweep):
    """Snakemake says itself how to remove the lock that a killed run leaves behind."""
    return sweep.snakemake()


def start(command):
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


def kill(command, sweep, moment):
    """Start, and kill -9 the process and all that it started: once so many more batches are finished."""
    process = start(command)
    more = moment.randrange(4)
    target = min(finished_count(sweep) + more, 11)
    while process.poll() is None and finished_count(sweep) < target:
        time.sleep(0.01)
    time.sleep(moment.random() * (0.3 if more else 5.0))
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wait_for_jobs(sweep)


def wait_for_jobs(sweep):
    """Wait until the kernel has buried all jobs: one that was killed keeps its claim for a moment."""
    for path in Path(f"{sweep.store}.claims").glob("*.claim"):
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)


def finished_count(sweep):
    return sum(path.name.isdigit() for path in sweep.store.glob("mill-4/status/c/*"))


def unlock(command):
    """Do what Snakemake says after a kill."""
    again = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=False)
    assert again.returncode == 0 or "--unlock" in again.stderr
    subprocess.run([*command, "--unlock"], capture_output=True, check=True)


@pytest.mark.parametrize(("what", "backend"), [(job, "numpy"), (job, "rust"), (tree, "rust")])
@pytest.mark.timeout(3600)
def test_killed_at_random_moments_nothing_finished_is_lost(
    tmp_path, uninterrupted, what, backend, pytestconfig
):
    sweep = Sweep(tmp_path, backend)
    default_kills = 2 if what is job else 1
    moment = random.Random(SEED)
    kept = {}
    for number in range(pytestconfig.getoption("kills") or default_kills):
        if len(kept) == 12:
            shutil.rmtree(sweep.folder / "results")
            kept = {}
        kill(what(sweep), sweep, moment)
        now = sweep.results()
        assert kept.items() <= now.items(), "a finished batch was lost or changed"
        kept = now
        print(f"kill {number + 1}: {len(kept)} of 12 cases finished")
        if what is tree:
            unlock(tree(sweep))
    recorded = sweep.computed_counts()
    subprocess.run(what(sweep), capture_output=True, check=True)
    counts = sweep.computed_counts()
    assert sum(counts[group] for group in counts.keys() - recorded) == 12 - len(kept)
    assert sweep.results() == uninterrupted(backend)
    assert main(["verify", str(sweep.config)]) == 0


def test_ctrl_c_twice_stops_a_long_run_and_the_next_goes_on(tmp_path):
    long = Sweep(tmp_path, "rust", slower=1000)  # no batch of it ends while this test runs
    process = start(tree(long))
    claims = Path(f"{long.store}.claims")
    while process.poll() is None and not any(path.read_text() for path in claims.glob("rust*.claim")):
        time.sleep(0.02)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.5)
    assert process.wait() != 0
    wait_for_jobs(long)
    assert run_sweep(Sweep(tmp_path).config) == 12
