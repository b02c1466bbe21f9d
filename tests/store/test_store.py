import asyncio
import multiprocessing
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from molenspin.config import config_from_mapping
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.status import CaseStatus
from molenspin.store.case_statuses import status_of
from molenspin.store.claims import claim
from molenspin.store.holders import Holder
from molenspin.store.leases import ClaimLostError
from molenspin.store.location import array_of, open_root
from molenspin.store.nodes import arrays_of
from molenspin.store.parts import find_parts
from molenspin.store.preparation import prepare_store
from molenspin.store.reading import case_rows, open_results, read_ledger
from molenspin.store.rounding import round_to_relative_error
from molenspin.store.writing import BatchRegion, BatchResult
from molenspin.sweep.batches import BatchState, fingerprint_number
from molenspin.sweep.cases import expand
from molenspin.sweep.plan import make_plan

FINGERPRINT = "a" * 16
SAMPLES = 11


def planned(url, dt=(0.002,), count=5):
    wind = {"random": {"count": count, "axes": {"sail_spur0.wind_speed": {"low": 4, "high": 14}}}}
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": list(dt),
        "integrators": ["rk4"],
        "backends": ["numpy"],
        "space": wind,
    }
    simulation = {"duration": 0.2, "save_interval": 0.02}
    config = config_from_mapping(
        {"sweep": [block], "simulation": simulation, "storage": {"batch_members": 3}}
    )
    return make_plan(config, expand(config), read_ledger(url), {"numpy": FINGERPRINT})


def result(count, value=1.0, status=CaseStatus.OK, message=""):
    shape = (count, 4, SAMPLES)
    return BatchResult(
        variables={
            name: np.full(shape, value) for name in ("angle", "displacement", "angular_velocity", "velocity")
        },
        status=np.full(count, status, dtype=np.int8),
        messages=[message] * count,
        max_residual=np.full(count, 1e-12),
        newton_iterations=np.full(count, 7),
        force_evaluations=np.full(count, 400),
        elapsed=0.5,
    )


def commit(url, first_slot, content):
    region = BatchRegion(arrays_of(open_root(url)["mill-4"]), first_slot, content.case_count)
    region.commit(content, fingerprint=fingerprint_number(FINGERPRINT), machine="here")


@pytest.fixture
def url(tmp_path):
    path = str(tmp_path / "store.zarr")
    prepare_store(planned(path), path)
    return path


def test_xarray_opens_the_store_whole(url):
    commit(url, 0, result(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        node = xr.open_datatree(url)["mill-4"].load()
    assert node["angle"].dims == ("case", "body", "time")
    assert node["status"].values.tolist() == [1, 1, 1, 0, 0]
    assert np.isnan(node["angle"][3:]).all()
    assert node["angle"].attrs["units"] == "rad"
    assert {"dt", "integrator", "backend", "sail_spur0.wind_speed"} <= set(node.coords)
    assert node["time"].values[-1] == pytest.approx(0.2)


def files(url):
    return {path for path in Path(url).rglob("*") if path.is_file()}


@pytest.mark.parametrize(("message", "more"), [("", set()), ("ran away", {"message"})])
def test_a_batch_adds_three_files_beside_the_recorded_variables(url, message, more):
    before = files(url)
    content = result(3, message=message)
    commit(url, 0, content)
    added = sorted(path.relative_to(url).parts[1] for path in files(url) - before)
    assert added == sorted({*content.variables, "status", "origin", "outcome"} | more)


@pytest.mark.parametrize("chunks", [None, {}])
def test_outcomes_are_variables_of_their_own(url, chunks):
    commit(url, 0, result(3))
    node = open_results(url, chunks=chunks)["mill-4"].to_dataset()
    assert node["newton_iterations"].dtype == node["force_evaluations"].dtype == np.int64
    assert node["newton_iterations"].values.tolist() == [7, 7, 7, -1, -1]
    assert node["fingerprint"].values.tolist() == [fingerprint_number(FINGERPRINT)] * 3 + [0, 0]
    assert node["machine"].values.tolist() == ["here"] * 3 + [""] * 2
    assert node["elapsed"].attrs["units"] == "s"
    last = node.isel(case=2)
    assert (float(last["max_residual"]), str(last["machine"].values)) == (1e-12, "here")


def test_results_in_another_format_are_left_alone(url):
    commit(url, 0, result(3))
    del open_root(url).attrs["format"]  # as the first format was
    (Path(url) / "mill-4/identity/description.json").unlink()
    before = {path: path.read_bytes() for path in files(url)}
    for attempt in (planned, open_results, lambda path: prepare_store(planned(path), path), find_parts):
        with pytest.raises(MolenspinError, match=r"results in format 1, .* nothing was changed: move"):
            attempt(url)
    assert {path: path.read_bytes() for path in files(url)} == before


def test_rows_hold_what_planning_asked(url):
    plan = planned(url)
    rows = [row for _, row in case_rows(open_root(url)["mill-4"], [0, 1])]
    assert [len(row["dt"]) for row in rows] == [3, 2]
    np.testing.assert_array_equal(
        np.concatenate([row["sail_spur0.wind_speed"] for row in rows]), plan.series[0].parameters[:, 0]
    )
    assert set(rows[0]["integrator"].tolist()) == {"rk4"}


def test_a_committed_batch_is_done_and_the_other_is_not(url):
    commit(url, 0, result(3))
    states = {batch.index: batch.state for batch in planned(url).batches}
    assert states == {0: BatchState.DONE, 1: BatchState.UNFINISHED}


def test_every_chunk_counts_with_its_own_statuses_and_origins(url):
    url = str(Path(url).with_name("four.zarr"))
    prepare_store(planned(url, count=12), url)
    ends = [CaseStatus.OK, CaseStatus.DIVERGED, CaseStatus.OK, CaseStatus.OK]
    for number, status in enumerate(ends):
        commit(url, 3 * number, result(3, status=status))
    (Path(url) / "mill-4/origin/c/2").unlink()
    held = read_ledger(url).nodes["mill-4"]
    assert held.status.tolist() == np.repeat(ends, 3).tolist()
    known = fingerprint_number(FINGERPRINT)
    assert held.fingerprint.tolist() == np.repeat(np.array([known, known, 0, known], np.uint64), 3).tolist()


def test_preparing_twice_changes_nothing(url):
    commit(url, 0, result(3))
    before = read_ledger(url).nodes["mill-4"]
    prepare_store(planned(url), url)
    after = read_ledger(url).nodes["mill-4"]
    assert before.identity.tolist() == after.identity.tolist()
    assert before.status.tolist() == after.status.tolist()


def test_one_more_dt_keeps_the_results_that_are_there(url):
    commit(url, 0, result(3, 2.0))
    commit(url, 3, result(2, 3.0))
    prepare_store(planned(url, dt=(0.002, 0.001)), url)
    node = open_results(url)["mill-4"]
    assert node.sizes["case"] == 10
    assert node["angle"][:, 0, 0].values[:5].tolist() == [2.0, 2.0, 2.0, 3.0, 3.0]
    assert node["dt"].values.tolist() == [0.002] * 5 + [0.001] * 5


def test_a_preparation_that_was_killed_is_repeated(url, monkeypatch):
    from molenspin.store import preparation

    wider = planned(url, dt=(0.002, 0.001))
    with monkeypatch.context() as patch:
        patch.setattr(preparation, "_columns", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prepare_store(wider, url)
    assert planned(url, dt=(0.002, 0.001)).digest == wider.digest
    prepare_store(planned(url, dt=(0.002, 0.001)), url)
    assert open_results(url)["mill-4"].sizes["case"] == 10


def test_a_store_that_is_being_extended_says_so(url, monkeypatch):
    from molenspin.store import preparation

    def stopped(group, name):
        if name == "velocity":
            raise KeyboardInterrupt
        return array_of(group, name)

    monkeypatch.setattr(preparation, "array_of", stopped)
    with pytest.raises(KeyboardInterrupt):
        prepare_store(planned(url, dt=(0.002, 0.001)), url)
    with pytest.raises(MolenspinError, match=r"mill-4/.* slots of 5, .* run it again, which keeps all"):
        open_results(url)


def test_a_commit_that_was_killed_does_not_count(url, monkeypatch):
    commit(url, 0, result(3))
    region = BatchRegion(arrays_of(open_root(url)["mill-4"]), 0, 3)

    def die(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("molenspin.store.writing.sync_trees", die)
    with pytest.raises(KeyboardInterrupt):
        region.commit(result(3, 9.0), fingerprint=1, machine="here")
    assert read_ledger(url).nodes["mill-4"].status[:3].tolist() == [CaseStatus.PENDING] * 3


@pytest.mark.parametrize(("first_slot", "count"), [(1, 2), (0, 4), (3, 3)])
def test_an_unaligned_batch_is_refused_before_a_byte_is_written(url, first_slot, count):
    with pytest.raises(InvalidValueError, match="slot"):
        commit(url, first_slot, result(count))
    assert not read_ledger(url).nodes["mill-4"].status.any()


def test_failures_stand_with_their_reason(url):
    commit(url, 0, result(3, np.nan, CaseStatus.DIVERGED, "ran away"))
    (node,) = status_of(url)
    assert node.counts == {"pending": 2, "diverged": 3}
    assert [(case.slot, case.message) for case in node.failed] == [(i, "ran away") for i in range(3)]


def test_a_damaged_chunk_is_an_error_and_no_number(url, tmp_path):
    commit(url, 0, result(3))
    chunk = tmp_path / "store.zarr/mill-4/angle/c/0/0/0"
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(MolenspinError, match=r"mill-4/angle is damaged: .*[Cc]hecksum"):
        open_results(url)["mill-4"]["angle"].load()


def _hold(path, ready):
    with claim(path, "group x"):
        ready.set()
        signal.pause()


def test_a_second_writer_is_refused_and_the_holder_named(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(str(tmp_path / "x.claim"), ready), daemon=True)
    holder.start()
    while not ready.wait(1.0):
        assert holder.is_alive()
    with (
        pytest.raises(MolenspinError, match=f"group x is already under way: process {holder.pid} on"),
        claim(str(tmp_path / "x.claim"), "group x"),
    ):
        pass
    holder.kill()
    holder.join()
    with claim(str(tmp_path / "x.claim"), "group x"):
        pass


def test_a_thread_or_worker_that_outlived_its_claim_is_refused(tmp_path, monkeypatch):
    place = str(tmp_path / "x.claim")
    with claim(place, "group x") as held:
        held.check()
    another = replace(Holder.this_process(), pid=1)
    monkeypatch.setattr(Holder, "this_process", lambda: another)
    with claim(place, "group x"), pytest.raises(ClaimLostError, match="nothing more was written"):
        held.check()


def test_a_store_of_another_kind_is_refused(tmp_path):
    import zarr

    zarr.create_group(str(tmp_path / "other.zarr"))
    with pytest.raises(MolenspinError, match="not one that molenspin wrote"):
        open_root(str(tmp_path / "other.zarr"))
    with pytest.raises(MolenspinError, match="no store"):
        open_root(str(tmp_path / "none.zarr"))


@pytest.mark.parametrize(("error", "patterns"), [(1e-3, 1), (1e-9, 1), (1e-15, 512), (0.0, 4096)])
def test_rounding_clears_bits_and_keeps_its_bound(error, patterns):
    values = np.random.default_rng(0).normal(size=10_000) * 10.0 ** np.arange(-300, 300, 600 / 10_000)
    rounded = round_to_relative_error(values, error)
    assert np.max(np.abs(rounded / values - 1)) <= error
    assert len(np.unique(rounded.view(np.uint64) & np.uint64(0xFFF))) <= patterns


def test_rounding_leaves_what_is_not_a_number():
    values = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0])
    np.testing.assert_array_equal(round_to_relative_error(values, 1e-6), values)


def test_a_store_is_read_where_an_event_loop_runs_as_in_a_notebook(url):
    commit(url, 0, result(3))

    async def status():
        return read_ledger(url).nodes["mill-4"].status[:3].tolist()

    # In a thread: this one may have a loop already, left by a test with a browser.
    with ThreadPoolExecutor() as pool:
        assert pool.submit(asyncio.run, status()).result() == [1, 1, 1]
