import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from molenspin.assembly.families import benchmark_assembly
from molenspin.backends import registry
from molenspin.commands.entry_point import main
from molenspin.errors import InternalError, MolenspinError
from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, planned_job, prepare_project
from molenspin.store.case_statuses import status_of
from molenspin.store.claims import claim
from molenspin.store.preparation import prepare_store
from molenspin.store.reading import open_results
from molenspin.store.records import load_record
from molenspin.strict_yaml import dump_yaml

WIND = {"grid": {"sail_spur0.wind_speed": [7.0, 8.0, 9.0]}}


@pytest.fixture(params=["numpy", "rust"])
def backend(request):
    return request.param


@pytest.fixture
def content(tmp_path, backend):
    """A sweep of one group: three members in one batch for each of two step sizes."""
    return {
        "name": "small",
        "sweep": [
            {
                "assemblies": [{"family": "mill", "sizes": [4]}],
                "dt": [0.002, 0.001],
                "integrators": ["rk4"],
                "backends": [backend],
                "space": WIND,
            }
        ],
        "simulation": {"duration": 0.1, "save_interval": 0.02},
        "execution": {"threads": 2},
        "outputs": {"directory": str(tmp_path)},
    }


def run(content):
    """Plan and run all groups, in this process; the records and the results."""
    project = open_project(content)
    prepare_store(project.plan, project.places.store)
    records = [run_group(planned_job(project.config, group.as_parameters())) for group in project.plan.groups]
    return records, next(iter(open_results(project.places.store).children.values())).load()


class Watched:
    """A backend that counts its calls and fails as told."""

    def __init__(self, name, fail):
        self.calls = 0
        self._backend = registry.get_backend(name)
        self._fail = fail

    def run(self, compiled, settings, execution, history):
        self.calls += 1
        self._fail(compiled)
        return self._backend.run(compiled, settings, execution, history)


@pytest.fixture
def watch(monkeypatch, backend):
    def install(fail=lambda _: None):
        watched = Watched(backend, fail)
        monkeypatch.setattr("molenspin.jobs.batch_run.get_backend", lambda _: watched)
        return watched

    return install


def test_a_group_gives_the_trajectories_of_simulate(content, backend):
    (record,), node = run(content)
    assert record.status_counts == {"ok": 6}
    for case in range(6):
        assembly = benchmark_assembly("mill", 4).replacing(
            {"sail_spur0": {"wind_speed": float(node["sail_spur0.wind_speed"][case])}}
        )
        dt = float(node["dt"][case])
        alone = assembly.simulate(duration=0.1, dt=dt, backend=backend, save_every=round(0.02 / dt))
        for name in ("angle", "displacement", "angular_velocity", "velocity"):
            np.testing.assert_allclose(node[name][case].values, alone[name].values.T, atol=1e-12)


def test_a_second_run_computes_nothing(content, watch):
    run(content)
    watched = watch()
    (record,), _ = run(content)
    assert watched.calls == 0
    assert (record.case_count, record.computed_count) == (6, 0)


def test_one_more_dt_computes_only_its_cases(content, watch):
    run(content)
    watched = watch()
    content["sweep"][0]["dt"] = [0.002, 0.001, 0.0005]
    records, node = run(content)
    assert [record.computed_count for record in records] == [0, 3]
    assert watched.calls == 1
    assert sorted(set(node["dt"].values.tolist())) == [0.0005, 0.001, 0.002]


def test_a_raising_member_fails_alone(content, watch):
    def fail(compiled):
        if np.any(compiled.sails.wind_speed == 8.0):
            raise RuntimeError("no wind")

    watch(fail)
    (record,), node = run(content)
    assert record.status_counts == {"ok": 4, "failed": 2}
    failed = node.to_dataset().isel(case=node["sail_spur0.wind_speed"].values == 8.0)
    assert set(failed["message"].values.tolist()) == {"RuntimeError: no wind"}
    assert np.isnan(failed["angle"]).all()


def test_a_fault_in_the_code_stops_its_batch_and_the_job_and_no_other_batch(content, watch):
    def fail(compiled):
        if np.any(compiled.sails.wind_speed == 8.0):
            compiled.no_such_thing  # noqa: B018

    content["sweep"][0]["space"] = {"grid": {"sail_spur0.wind_speed": [7.0, 8.0]}}
    content["storage"] = {"batch_members": 1}
    watch(fail)
    with pytest.raises(
        InternalError, match=r"2 of 4 batches .* kept; batch mill-4/.*AttributeError"
    ) as error:
        run(content)
    assert "in fail" in error.value.trace
    project = open_project(content)
    assert [node.counts for node in status_of(project.places.store)] == [{"ok": 2, "pending": 2}]
    assert list(project.places.records.glob("*.json")) == []


def test_why_a_member_failed_stands_in_the_log(content, watch, caplog):
    def fail(_):
        raise RuntimeError("no wind")

    watch(fail)
    with caplog.at_level("WARNING", logger="molenspin.failures"):
        run(content)
    assert "RuntimeError: no wind" in caplog.text
    assert "in fail" in caplog.text


def test_out_of_memory_is_a_status(content, watch):
    def fail(_):
        raise MemoryError

    watch(fail)
    (record,), node = run(content)
    assert record.status_counts == {"failed": 6}
    assert set(node["message"].values.tolist()) == {"out of memory"}


def test_a_diverging_case_is_a_result(content, tmp_path, capsys):
    shafting = [{"family": "shafting", "sizes": [4]}]
    content["sweep"][0] |= {"assemblies": shafting, "dt": [0.5], "integrators": ["euler"], "space": None}
    content["simulation"] = {"duration": 50, "save_interval": 0.5}
    (record,), node = run(content)
    assert record.status_counts == {"diverged": 1}
    assert "ran away" in node["message"].item()
    (again,), _ = run(content)
    assert again.computed_count == 0
    (tmp_path / "config.yaml").write_text(dump_yaml(content))
    assert main(["plan", str(tmp_path / "config.yaml")]) == 0
    assert "of the done cases, 1 failed" in capsys.readouterr().out


def test_what_was_finished_before_an_interruption_stays(content, watch):
    content["execution"] = {"threads": 1}
    content["sweep"][0]["dt"] = [0.004, 0.002, 0.001]
    project = open_project(content)
    prepare_store(project.plan, project.places.store)
    job = planned_job(project.config, project.plan.groups[0].as_parameters())

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_group(job, show=interrupt)
    assert not job.record.exists()
    watched = watch()
    (record,), node = run(content)
    assert watched.calls == record.computed_count // 3 < 3
    assert node["status"].values.tolist() == [1] * 9


@pytest.mark.parametrize("place", ["BatchRegion.write", "sync_trees"])
def test_a_full_disk_is_one_message(content, monkeypatch, place):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"molenspin.store.writing.{place}", full)
    with pytest.raises(MolenspinError, match=r"cannot be written: .*No space left.*run again"):
        run(content)


def test_the_record_says_where_and_how_fast(content, backend):
    (record,), _ = run(content)
    path = Path(content["outputs"]["directory"]) / "small" / "groups" / f"{record.group}.json"
    assert load_record(path) == record
    assert record.rates[f"{backend}/rk4/4"] > 0


def test_bounded_error_storage(content):
    _, exact = run(content)
    content |= {"name": "rounded", "storage": {"relative_error": 1e-6}}
    _, rounded = run(content)
    xr.testing.assert_allclose(exact["angle"].to_dataset(), rounded["angle"].to_dataset(), rtol=1e-6)
    assert not rounded["angle"].equals(exact["angle"])


def test_an_unknown_backend_is_refused_before_anything_is_written(content, tmp_path):
    from molenspin.errors import InvalidValueError

    content["sweep"][0]["backends"] = ["numpi"]
    with pytest.raises(InvalidValueError, match=r"numpi.*numpy"):
        open_project(content)
    assert list(tmp_path.iterdir()) == []
    assert "numpy" in registry.BACKENDS


def test_sweeps_that_share_a_store_do_not_take_each_others_slots(content, tmp_path):
    shared = {"storage": {"url": str(tmp_path / "shared.zarr")}}
    ours = open_project(content | shared)
    theirs = open_project(content | shared | {"name": "other", "simulation": {"duration": 0.2}})
    prepare_project(ours)
    with pytest.raises(MolenspinError, match=r"shared.zarr: another sweep has added to it .* run again"):
        prepare_project(theirs)
    again = open_project(content | shared | {"name": "other"})
    job = planned_job(again.config, again.plan.groups[0].as_parameters())
    with (
        claim(planned_job(ours.config, ours.plan.groups[0].as_parameters()).claim, "group"),
        pytest.raises(MolenspinError, match=rf"already under way: process {os.getpid()} on "),
    ):
        run_group(job)
