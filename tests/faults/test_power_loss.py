"""Power loss at any moment: no number is wrong in what is left, and a resume ends as if nothing had been.

`--power-states 1000` makes it a thousand states; what is left of the disk in a failing one is kept.
"""

import os
import random
import shutil
from contextlib import suppress
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
import pytest
from recorded_disk import RecordedDisk
from run_sweep import run_sweep

from molenspin.backends.registry import get_backend
from molenspin.config import config_from_mapping
from molenspin.errors import MolenspinError
from molenspin.jobs.batch_run import compute_batch
from molenspin.pipeline.project import open_project, places_of
from molenspin.status import CaseStatus
from molenspin.store.case_statuses import status_of
from molenspin.store.durable_store import FolderStore
from molenspin.store.location import store_exists
from molenspin.store.reading import open_results, read_ledger
from molenspin.store.records import load_record, load_records, save_summary
from molenspin.store.repair import repair
from molenspin.store.verification import Damage, Remedy, find_damage

# Zarr notes folders of a node that a stopped preparation left without an array in them.
pytestmark = pytest.mark.filterwarnings("ignore:Object at:zarr.errors.ZarrUserWarning")

SEED = 20_270_318
VARIABLES = ("angle", "velocity")
COMPARED = (*VARIABLES, "dt", "integrator", "sail_spur0.wind_speed", "message", "force_evaluations")


def sweep(folder, dt=(0.02,), sizes=(4,)):
    """A tiny sweep: batches of two members, a group for each step size."""
    block = {
        "assemblies": [{"family": "mill", "sizes": list(sizes)}],
        "dt": list(dt),
        "integrators": ["euler"],
        "backends": ["numpy"],
        "space": {"grid": {"sail_spur0.wind_speed": [6.0, 7.0, 8.0]}},
    }
    return {
        "name": "tiny",
        "sweep": [block],
        "simulation": {"duration": 0.04, "save_interval": 0.02},
        "storage": {"batch_members": 2, "variables": list(VARIABLES)},
        "execution": {"threads": 1, "job_seconds": 1e-3},
        "outputs": {"directory": str(folder)},
    }


NEVER = 10**9


class Code:
    """Code of the numpy backend that can change: results differ, and so does the fingerprint."""

    def __init__(self, monkeypatch):
        self.version = 1
        self.batches_before_the_kill = NEVER
        monkeypatch.setattr("molenspin.jobs.batch_run.get_backend", lambda _: self)
        for module in ("pipeline.project", "jobs.batch_run"):
            monkeypatch.setattr(f"molenspin.{module}.backend_fingerprint", lambda _: f"{self.version:016x}")
        # The recorder takes what is asked for; to wait for the disk besides would take most of the time.
        monkeypatch.setattr(os, "fsync", lambda _: None)
        # Another process would not know this code.
        monkeypatch.setattr("molenspin.jobs.executor.in_own_process", compute_batch)

    def run(self, compiled, settings, execution, history):
        if self.batches_before_the_kill == 0:
            raise KeyboardInterrupt
        self.batches_before_the_kill -= 1
        outcome = get_backend("numpy").run(compiled, settings, execution, history)
        for name in VARIABLES:
            getattr(history, name)[:] += self.version
        return outcome


def results(store):
    """Cases with results, by node, code and identity: settings, outcomes and trajectories."""
    found = {}
    for name, node in open_results(store).children.items():
        # What is pending may be torn, and is not read.
        data = node.isel(case=np.flatnonzero(node["status"] == CaseStatus.OK)).to_dataset()
        keys = zip(data["fingerprint"].values.tolist(), data["identity"].values.tolist(), strict=True)
        rows = zip(*(data[column].values for column in COMPARED), strict=True)
        for key, row in zip(keys, rows, strict=True):
            found[name, *key] = [value.tobytes() if isinstance(value, np.ndarray) else value for value in row]
    return found


def places_of_sweep(content):
    return places_of(config_from_mapping(content))


@dataclass(frozen=True)
class Stage:
    """A part of the sweep's history: what is done, with which code, and what it ends with."""

    version: int
    dt: tuple[float, ...] = (0.02,)
    sizes: tuple[int, ...] = (4,)
    killed_after: int | None = None
    withdrawn: tuple[int, ...] = ()

    def content(self, folder):
        return sweep(folder, self.dt, self.sizes)


HISTORY = (
    Stage(version=1, killed_after=1),
    Stage(version=1),
    Stage(version=1, withdrawn=(0, 1)),
    Stage(version=1, dt=(0.02, 0.01), sizes=(4, 8)),
    Stage(version=2, dt=(0.02, 0.01), sizes=(4, 8), killed_after=3),
    Stage(version=2, dt=(0.02, 0.01), sizes=(4, 8)),
)


def live(stage, folder, code):
    """Do what happens in a stage."""
    content = stage.content(folder)
    places = places_of_sweep(content)
    code.version = stage.version
    if stage.withdrawn:
        repair(places.store, [withdrawal(chunk) for chunk in stage.withdrawn], places.records)
    if stage.killed_after is None:
        run_sweep(content)
        save_summary(places.summary, load_records(places.records))
        return
    code.batches_before_the_kill = stage.killed_after
    with pytest.raises(KeyboardInterrupt):
        run_sweep(content)
    code.batches_before_the_kill = NEVER


def withdrawal(chunk):
    """A batch of the first group that `verify --repair` takes for damaged."""
    key = f"mill-4/angle/c/{chunk}/0/0"
    return Damage(key=key, reason="", remedy=Remedy.BATCH, node="mill-4", chunk=chunk, group="numpy-0000")


def check_what_is_left(places, truth):
    """All that reads gives what is true, or a clear error."""
    for path in [*places.records.glob("*.json"), *places.folder.glob("*.json")]:
        assert path.read_bytes().endswith(b"}\n"), f"{path.name} is torn"
    for path in places.records.glob("*.json"):
        load_record(path)
    read_ledger(places.store)
    if not store_exists(places.store):
        return
    with suppress(MolenspinError):
        status_of(places.store)
    with suppress(MolenspinError):
        for key, found in results(places.store).items():
            assert found == truth[key], f"{key} is wrong"


def check_resume(content, places, end):
    """A resume ends as the run that nothing disturbed, and then nothing is left to do."""
    run_sweep(content)
    assert results(places.store) == end
    assert all(group.done for group in open_project(content).plan.groups)


class PowerLosses:
    """A recorded history, and what power losses at random moments leave of it."""

    def __init__(self, folder, code):
        self.folder, self.code = folder, code
        disk_folder = folder / "disk"
        disk_folder.mkdir()
        self.disk = RecordedDisk(disk_folder)
        self.truth, self.ends, self.begins = {}, [], []
        for stage in HISTORY:
            self.begins.append(len(self.disk.operations))
            with self.disk.recording():
                live(stage, disk_folder, code)
            self.ends.append(results(places_of_sweep(stage.content(disk_folder)).store))
            self.truth |= self.ends[-1]

    def fault(self, number):
        """What is wrong after one power loss; None if nothing is."""
        chance = random.Random(SEED + number)
        moment = chance.randrange(len(self.disk.operations) + 1)
        at = max(at for at, begin in enumerate(self.begins) if begin <= moment)
        # A stage that was killed goes on with the next.
        end = self.ends[at + 1] if HISTORY[at].killed_after is not None else self.ends[at]
        folder = self.folder / f"state-{number}"
        place(self.disk.after_power_loss(moment, chance), folder)
        content = HISTORY[at].content(folder)
        places = places_of_sweep(content)
        self.code.version = HISTORY[at].version
        try:
            check_what_is_left(places, self.truth)
            if number % 4 == 0:  # slow
                found = find_damage(places.store, places.records) if store_exists(places.store) else ()
                # An extension that was cut short is written anew; nothing else may be damaged.
                assert not [one for one in found if one.remedy is not Remedy.RESTORE]
            check_resume(content, places, end)
        except Exception as error:
            text = str(error).splitlines()
            return (
                f"{number}: {moment} in stage {at}: {type(error).__name__}: {text[0][:200] if text else ''}"
            )
        shutil.rmtree(folder)
        return None


def place(tree, folder):
    folder.mkdir()
    for name, content in tree.items():
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)


@pytest.fixture
def code(monkeypatch):
    return Code(monkeypatch)


def test_no_power_loss_makes_a_number_wrong_or_a_resume_impossible(tmp_path, code, pytestconfig):
    losses = PowerLosses(tmp_path, code)
    count = pytestconfig.getoption("power_states")
    assert [fault for number in range(count) if (fault := losses.fault(number))] == []


@pytest.mark.parametrize(
    ("part", "without", "shown"),
    [
        ("store.writing.sync_trees", lambda *_: None, "damaged"),
        ("store.location.DurableStore", FolderStore, "Error"),
    ],
)
def test_a_writer_that_does_not_flush_is_found(tmp_path, code, part, without, shown):
    with patch(f"molenspin.{part}", without):
        losses = PowerLosses(tmp_path, code)
    assert any(shown in (losses.fault(number) or "") for number in range(200))
