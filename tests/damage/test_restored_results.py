"""The table of accuracy and the timings of a sweep: what was damaged is made again, with one line of log."""

import logging

import pytest

from molenspin.analysis.accuracy_file import read_accuracy, seal_path
from molenspin.config import config_from_mapping
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, places_of, planned_job, prepare_project
from molenspin.pipeline.sweep_results import restore_results, tabulate_accuracy
from molenspin.pipeline.sweep_timing import time_sweep


@pytest.fixture
def config(tmp_path):
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.01],
        "integrators": ["rk4"],
        "backends": ["numpy"],
    }
    return config_from_mapping(
        {
            "sweep": [block],
            "simulation": {"duration": 0.1, "save_interval": 0.05},
            "timing": {"repeats": 1, "warm_up": 0, "visits": 1},
            "outputs": {"directory": str(tmp_path)},
        }
    )


@pytest.fixture
def places(config):
    """Of a sweep that was simulated, tabulated and timed."""
    project = open_project(config.model_dump())
    prepare_project(project)
    for group in project.plan.groups:
        run_group(planned_job(config, group.as_parameters()))
    tabulate_accuracy(config)
    places = places_of(config)
    time_sweep(config, places.timings).save(places.timing)
    return places


def change_digit(path):
    content = path.read_bytes()
    position = content.index(b"e-")
    path.write_bytes(content[: position - 1] + bytes([content[position - 1] ^ 1]) + content[position:])


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [change_digit, cut, empty])
@pytest.mark.parametrize("name", ["accuracy", "timing"])
def test_a_damaged_file_is_made_again_with_a_line_of_log(config, places, caplog, harm, name):
    path = getattr(places, name)
    sound = path.read_bytes()
    harm(path)
    when = path.stat().st_mtime_ns
    restore_results(config)
    assert path.read_bytes() == sound
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert str(path) in line
    assert name == "timing" or path.stat().st_mtime_ns == when  # else Snakemake would time again


def test_whole_files_are_left_alone(config, places, caplog):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (places.accuracy, places.timing)}
    restore_results(config)
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before}
    assert (before, caplog.records) == (after, [])


def test_a_changed_table_is_refused_and_a_lone_copy_is_read(places, tmp_path):
    lone = tmp_path / "copy.csv"
    lone.write_bytes(places.accuracy.read_bytes())
    change_digit(places.accuracy)
    with pytest.raises(MolenspinError, match="changed since the sweep wrote it"):
        read_accuracy(places.accuracy)
    assert len(read_accuracy(lone)) == 1
    seal_path(places.accuracy).unlink()
    assert len(read_accuracy(places.accuracy)) == 1


@pytest.mark.parametrize("name", ["groups", "references", "timings", "tables", "figures", "profile", "logs"])
def test_a_file_where_a_folder_must_be_is_named(config, name):
    folder = places_of(config).folder
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(InvalidValueError, match=f"{name} is not a folder"):
        open_project(config.model_dump())
    assert (folder / name).read_text() == "mine"
