"""Claims on a real S3 server: one holder at a time, and none for ever."""

import multiprocessing
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from threading import Barrier

import pytest
from small_sweep import run, sweep

from molenspin.errors import MolenspinError
from molenspin.jobs import batch_run
from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, planned_job, prepare_project
from molenspin.store import holders, leases
from molenspin.store.claims import claim, claim_place
from molenspin.store.leases import ClaimLostError
from molenspin.store.location import open_remote
from molenspin.store.reading import read_ledger

pytest.importorskip("obstore", reason="needs the extra 's3'")


@pytest.fixture(autouse=True)
def short_lease(monkeypatch):
    monkeypatch.setattr(leases, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.05)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.5)


def _hold(place, kernel, ready):
    if kernel:
        leases.RENEWAL_SECONDS = 0.05
        holders._kernel = lambda: kernel
    with claim(place, "group x"):
        ready.set()
        signal.pause()


@contextmanager
def holder_of(place, kernel=""):
    """A process that holds a claim, on another machine if a kernel is given."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_hold, args=(place, kernel, ready))
    process.start()
    try:
        while not ready.wait(1.0):
            assert process.is_alive()
        yield process
    finally:
        process.kill()
        process.join()


def job_of(content):
    project = open_project(content)
    prepare_project(project)
    return planned_job(project.config, project.plan.groups[0].as_parameters())


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_folder_is_refused_until_the_holder_is_dead(bucket, tmp_path):
    job_of(sweep(tmp_path / "first", "s3://bucket/shared.zarr"))
    job = job_of(sweep(tmp_path / "second", "s3://bucket/shared.zarr/"))
    with holder_of(job.claim) as holder:
        before = contents(bucket / "shared.zarr")
        with pytest.raises(MolenspinError, match=rf"already under way: process {holder.pid} on .*since 20"):
            run_group(job)
        assert contents(bucket / "shared.zarr") == before
        assert not job.record.exists()
        holder.kill()
        holder.join()
        assert run_group(job).computed_count == 5
    assert not contents(bucket / "shared.zarr.claims")


@pytest.mark.usefixtures("bucket")
def test_a_holder_on_another_machine_is_refused_while_it_renews_and_lapses_when_not(monkeypatch):
    place = claim_place("s3://bucket/elsewhere.zarr", "rust-0001")
    with holder_of(place, kernel="another") as holder:
        with monkeypatch.context() as patch:
            patch.setattr(leases, "LEASE_SECONDS", 600.0)  # else a holder that the machine lets wait has lost
            with pytest.raises(MolenspinError, match=f"process {holder.pid} on"), claim(place, "group x"):
                pass
        holder.kill()
        holder.join()
        with claim(place, "group x") as held:
            held.check()


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("machines", ["one", "several"])
def test_of_many_that_start_at_the_same_moment_one_holds_the_claim(machines, monkeypatch):
    if machines == "several":
        numbers = count()
        here = holders.Holder.this_process()
        elsewhere = staticmethod(lambda: replace(here, kernel=f"machine {next(numbers)}"))
        monkeypatch.setattr(holders.Holder, "this_process", elsewhere)
    monkeypatch.setattr(leases, "LEASE_SECONDS", 30.0)
    barrier = Barrier(4)
    inside = []

    def attempt(round_number):
        barrier.wait()
        try:
            with claim(f"s3://bucket/rush-{machines}-{round_number}.claim", "group x") as held:
                inside.append(held)
                time.sleep(0.02)
                held.check()
                alone = len(inside) == 1
                inside.remove(held)
                return alone
        except MolenspinError as error:
            assert "group x is already under way" in str(error)  # noqa: PT017
            return None

    with ThreadPoolExecutor(4) as pool:
        for round_number in range(20):
            ends = set(pool.map(attempt, [round_number] * 4))
            assert True in ends
            assert False not in ends


def lapse(held):
    leases._delete(held.place, held.token)


def overtake(held):
    open_remote(held.place).put("0123456789abcdef-000001-holds", b"{}")


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("lose", [lapse, overtake])
def test_who_lost_its_claim_writes_no_more(tmp_path, monkeypatch, lose):
    content = sweep(tmp_path, f"s3://bucket/{lose.__name__}.zarr")
    job = job_of(content)
    compute = batch_run.compute_batch

    def silent(task):
        result = compute(task)
        lose(task.claim)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(leases, "RENEWAL_SECONDS", 60.0)  # else it is written anew, before or after the loss
        patch.setattr(batch_run, "compute_batch", silent)
        with pytest.raises(ClaimLostError, match=r"numpy-0000.* nothing more was written: run again"):
            run_group(job)
    assert not read_ledger(job.url).nodes["mill-4"].status.any()
    assert not job.record.exists()
    assert run(content)[0] == 5


@pytest.mark.usefixtures("bucket")
def test_who_stood_still_takes_nobody_for_silent(monkeypatch):
    store = open_remote("s3://bucket/standstill.claim")
    store.put("0123456789abcdef-000001-holds", b"{}")
    others, looks = leases._Claimant.others, count(1)

    def stand_still(claimant):
        """The second time, after the answer; meanwhile the holder renews."""
        found = others(claimant)
        if next(looks) == 2:
            store.put("0123456789abcdef-000002-holds", b"{}")
            store.delete("0123456789abcdef-000001-holds")
            time.sleep(leases.LEASE_SECONDS)
        return found

    monkeypatch.setattr(leases._Claimant, "others", stand_still)
    with pytest.raises(MolenspinError, match="already under way"), claim("s3://bucket/standstill.claim", "x"):
        pass


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("content", [b"\0{", b"[]", b'{"host": "a", "since": 1, "kernel": 2, "pid": 1e9}'])
@pytest.mark.parametrize(
    "name", ["stranger", "0123456789abcdef-000001-holds", "0123456789abcdef-000001-asks"]
)
def test_what_is_no_claim_lapses_too(monkeypatch, name, content):
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.05)
    place = claim_place("s3://bucket/strange.zarr", "rust-0001")
    open_remote(place).put(name, content)
    with claim(place, "group x"):
        pass
