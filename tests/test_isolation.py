"""Batches that a process died of: they run apart, and only the case to blame fails."""

from molenspin.jobs.batch_run import compute_batch
from molenspin.jobs.executor import run_group
from molenspin.jobs.group_job import pending_tasks
from molenspin.jobs.isolation import ProcessDiedError, without_the_culprit
from molenspin.pipeline.project import open_project, planned_job
from molenspin.store.claims import Claim
from molenspin.store.preparation import prepare_store


def planned(folder):
    """The job of one group: two batches of five cases."""
    winds = {"grid": {"sail_spur0.wind_speed": [6.0, 7.0, 8.0, 9.0, 10.0]}}
    block = {"assemblies": [{"family": "mill", "sizes": [4]}], "backends": ["rust"], "space": winds}
    content = {
        "sweep": [block | {"dt": [0.004, 0.002], "integrators": ["rk4"]}],
        "simulation": {"duration": 0.1, "save_interval": 0.02},
        "outputs": {"directory": str(folder)},
    }
    project = open_project(content)
    prepare_store(project.plan, project.places.store)
    return planned_job(project.config, project.plan.groups[0].as_parameters())


def test_a_batch_is_halved_until_only_the_culprit_fails(tmp_path):
    job = planned(tmp_path)
    task = pending_tasks(job, Claim(job.claim))[0][0]
    tried = []

    def attempt(part):
        tried.append(part.case_count)
        if 9.0 in part.parameters:
            raise ProcessDiedError("it died")
        return compute_batch(part)

    result = without_the_culprit(task, attempt, ProcessDiedError("it died"))
    assert result.status.tolist() == [1, 1, 1, 5, 1]
    assert result.messages == ["", "", "", "it died", ""]
    assert tried == [3, 2, 1, 1]
    alone = compute_batch(task)
    assert (result.variables["angle"][4] == alone.variables["angle"][4]).all()


def test_what_a_job_died_of_runs_in_a_process_of_its_own(tmp_path, monkeypatch):
    from molenspin.jobs import executor

    job = planned(tmp_path)
    journal = job.record.with_suffix(".journal")
    journal.parent.mkdir()
    journal.write_text("+ mill-4/0\n- mill-4/0\n+ mill-4/5\n")
    apart = []
    compute = executor.in_own_process
    monkeypatch.setattr(executor, "in_own_process", lambda task: apart.append(task.key) or compute(task))
    assert run_group(job).status_counts == {"ok": 10}
    assert apart == ["mill-4/5"]
    assert not journal.exists()
