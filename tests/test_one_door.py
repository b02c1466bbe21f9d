"""A sweep means the same from a clone, an installed package, as a module, and on a cluster's nodes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Timer
from types import SimpleNamespace

import pytest
import yaml

from molenspin.commands.entry_point import main
from molenspin.commands.run import command_line
from molenspin.errors import MolenspinError
from molenspin.jobs.executor import run_group
from molenspin.pipeline import sweep_run
from molenspin.pipeline.group_room import ensure_room, has_room
from molenspin.pipeline.project import open_project, planned_job, prepare_project
from molenspin.pipeline.sweep_jobs import SweepJobs
from molenspin.store.claims import claim, claim_place
from molenspin.store.reading import open_results

ROOT = Path(__file__).parents[1]
QUICK = ["--config", "outputs={accuracy: false}"]


def sweep(**sections):
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.004],
        "integrators": ["rk4"],
        "backends": ["numpy", "rust"],
    }
    simulation = {"duration": 0.2, "save_interval": 0.02}
    return {"name": "tiny", "sweep": [block], "simulation": simulation} | sections


def run(folder, *command, **environment):
    """Run Python there; the result, whose output is checked to show no traceback."""
    process = subprocess.run(
        [sys.executable, "-P", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert "Traceback" not in process.stderr
    return process


def contents(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if ".snakemake" not in path.parts}


def test_a_started_project_runs_and_its_notebook_shows_the_results(tmp_path, monkeypatch):
    assert main(["init", str(tmp_path)]) == 0
    process = run(tmp_path, "-m", "molenspin", "run", "sweep.yaml", "--cores", "2", *QUICK)
    assert process.returncode == 0, process.stderr
    assert "accuracy_table" not in process.stderr
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in json.loads((tmp_path / "explore.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["cases"].sizes["case"] == 16
    assert (names["cases"]["status"] == 1).all()


def test_a_project_is_never_started_over_files_that_exist(tmp_path, capsys):
    (tmp_path / "winch.yaml").write_text("mine")
    assert main(["init", str(tmp_path)]) == 2
    assert "winch.yaml exists already: nothing was written" in capsys.readouterr().err
    assert contents(tmp_path) == {Path("winch.yaml")}
    assert (tmp_path / "winch.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    "options", [["--cores", "3"], ["--cores=3"], ["-c3"], ["-j", "3"], ["--workflow-profile", "mine"]]
)
def test_all_cores_are_used_unless_an_option_says_how_many(options):
    assert command_line(Path("a.yaml"), options)[-len(options) :] == options
    assert "all" not in command_line(Path("a.yaml"), options)
    assert command_line(Path("a.yaml"), ["-n"])[-3:] == ["--cores", "all", "-n"]


def test_a_profile_of_the_package_is_found_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ["--workflow-profile", "slurm", "-n"]
    found = Path(command_line(Path("a.yaml"), options)[-2])
    assert (found / "config.yaml").read_bytes() == (ROOT / "workflow/profiles/slurm/config.yaml").read_bytes()
    (tmp_path / "slurm").mkdir()
    assert command_line(Path("a.yaml"), options)[-2] == "slurm"


def test_as_a_module_with_a_prefix_the_first_job_makes_room(tmp_path):
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(sweep(outputs={"accuracy": False})))
    (tmp_path / "Snakefile").write_text(
        'configfile: "sweep.yaml"\n'
        f'module spin:\n    snakefile: "{ROOT / "Snakefile"}"\n    config: config\n    prefix: "runs"\n'
        "use rule * from spin as spin_*\n"
    )
    process = run(tmp_path, "-m", "snakemake", "--cores", "2")
    assert process.returncode == 0, process.stderr
    node = open_results(tmp_path / "runs/results/tiny")["mill-4"]
    assert node["status"].values.tolist() == [1, 1]
    again = run(tmp_path, "-m", "snakemake", "--cores", "2")
    assert "Nothing to be done" in again.stderr


def test_included_in_another_snakefile_it_says_what_to_do(tmp_path):
    (tmp_path / "Snakefile").write_text(f'include: "{ROOT / "Snakefile"}"\n')
    process = run(tmp_path, "-m", "snakemake", "-n")
    assert process.returncode == 2
    assert "molenspin: the workflow cannot be included; use it as a module" in process.stderr


@pytest.fixture
def clone(tmp_path):
    """A clone whose package has no compiled core, and whose default sweep was edited."""
    folder = tmp_path / "clone"
    for name in ("workflow", "profiles", "config"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "molenspin").mkdir()
    (folder / "molenspin/__init__.py").write_text("from molenspin._core import source_hash\n")
    shutil.copy(ROOT / "Snakefile", folder)
    default = folder / "config/config.yaml"
    default.write_text(default.read_text().replace("accuracy: true", "accuracy: false"))
    return folder


def test_in_a_clone_the_installed_package_is_used_and_an_edited_default_stays_there(clone, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "molenspin").symlink_to(ROOT / "molenspin")
    before = contents(clone)
    default = run(clone, "-m", "snakemake", "-n", PYTHONPATH=str(site))
    quick = ["--configfile", "config/sweeps/quick.yaml"]
    other = run(clone, "-m", "snakemake", "-n", *quick, PYTHONPATH=str(site))
    assert (default.returncode, other.returncode) == (0, 0), default.stderr + other.stderr
    assert "accuracy_table" not in default.stdout
    assert "accuracy_table" in other.stdout
    assert contents(clone) == before


def test_snakemake_and_the_commands_refuse_the_same_file(tmp_path, capsys):
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump(sweep()) + "name: twice\n")
    process = run(tmp_path, "-m", "snakemake", "-n", "-s", str(ROOT / "Snakefile"), "--configfile", str(path))
    assert (process.returncode, main(["plan", str(path)])) == (2, 2)
    assert "the key 'name' stands twice" in process.stderr
    assert "the key 'name' stands twice" in capsys.readouterr().err


@pytest.fixture
def content(tmp_path):
    return sweep(outputs={"directory": str(tmp_path / "results")})


def test_the_first_job_makes_room_for_all_groups(content):
    project = open_project(content)
    first, second = (group.as_parameters() for group in project.plan.groups)
    assert not has_room(project.config, first)
    ensure_room(project.config, first)
    assert has_room(project.config, second)
    assert not has_room(project.config, second | {"chunks": {"mill-4": [0]}})
    run_group(planned_job(project.config, second))
    assert [group.done for group in open_project(content).plan.groups] == [False, True]


def test_a_job_waits_while_another_one_makes_room(content, monkeypatch):
    project = open_project(content)
    group = project.plan.groups[0].as_parameters()
    held = claim(claim_place(project.places.store, "plan"), "preparing")
    held.__enter__()
    release = Timer(0.3, held.__exit__, (None, None, None))
    release.start()
    ensure_room(project.config, group)
    release.join()
    assert has_room(project.config, group)
    monkeypatch.setattr("molenspin.pipeline.group_room.LONGEST_WAIT", 0.0)
    shutil.rmtree(project.places.store)
    held = claim(claim_place(project.places.store, "plan"), "preparing")
    with held, pytest.raises(MolenspinError, match="already under way"):
        ensure_room(project.config, group)


def test_a_job_stops_if_another_sweep_took_its_place(content):
    group = open_project(content).plan.groups[0].as_parameters()
    prepare_project(open_project(content | {"simulation": {"duration": 0.4, "save_interval": 0.02}}))
    with pytest.raises(MolenspinError, match="another sweep has added to it"):
        ensure_room(open_project(content).config, group)


def test_a_job_reads_its_part_of_the_plan_and_plans_anew_for_another_configuration(content, monkeypatch):
    project = open_project(content)
    SweepJobs.of(project).save(project.places.plan)

    def opened(config):
        modifier = SimpleNamespace(is_main_snakefile=lambda: True, modify_path=lambda path: path)
        monkeypatch.setattr(sweep_run, "sweep_config", lambda *_: config)
        workflow = SimpleNamespace(is_main_process=False, modifier=modifier)
        return sweep_run.open_sweep(workflow, {})

    job = opened(project.config)
    assert job.project is None
    assert job.jobs == SweepJobs.of(project)
    assert job.jobs.group("rust-0001.2") == project.plan.groups[1].as_parameters()
    assert (job.threads("numpy-0000"), job.threads("rust-0001")) == (1, 2)
    other = project.config.model_copy(
        update={"timing": project.config.timing.model_copy(update={"repeats": 0})}
    )
    assert opened(other).project is not None
    project.places.plan.write_text("{")
    assert opened(project.config).project is not None
