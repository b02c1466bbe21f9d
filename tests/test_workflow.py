"""The workflow as users run it: Snakemake in a process of its own, on the NumPy backend."""

import os
import platform
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import snakemake
import yaml

from molenspin.store.reading import open_results
from molenspin.store.records import load_records

ROOT = Path(__file__).parents[1]
MACHINE = "a mill by the sea"
WIND = {"grid": {"sail_spur0.wind_speed": [7.0, 8.0, 9.0, 10.0, 11.0, 12.0]}}


def sweep(folder, dt=(0.002,), **sections):
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": list(dt),
        "integrators": ["rk4"],
        "backends": ["numpy"],
        "space": WIND,
    }
    return {
        "name": "tiny",
        "sweep": [block],
        "simulation": {"duration": 0.1, "save_interval": 0.02},
        "timing": {"repeats": 1, "warm_up": 0, "where": "dt > 0.001"},
        "storage": {"batch_members": 2},
        "execution": {"threads": 1},
        "outputs": {
            "directory": str(folder / "results"),
            "profile_backend": "numpy",
            "profile_size": 4,
            "profile_seconds": 0.1,
        },
    } | sections


def command(folder, content, *arguments):
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(content))
    snakemake = [sys.executable, "-m", "snakemake", "--cores", "2", "--directory", str(folder)]
    return [*snakemake, "--snakefile", str(ROOT / "Snakefile"), *arguments, "--configfile", str(path)]


def run(folder, content, *arguments):
    environment = os.environ | {"MOLENSPIN_MACHINE": MACHINE}
    return subprocess.run(
        command(folder, content, *arguments), capture_output=True, text=True, check=False, env=environment
    )


def store(folder):
    return str(folder / "results" / "tiny" / "trajectories.zarr")


def computed_counts(folder):
    return {record.group: record.computed_count for record in load_records(folder / "results/tiny/groups")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workflow")
    process = run(folder, sweep(folder))
    assert process.returncode == 0, process.stderr
    return folder


def test_what_the_last_rules_read_comes_back_where_it_was_lost(finished):
    results = finished / "results/tiny"
    lost = [results / "tables/accuracy.csv", results / "timing.json", *results.glob("groups/*.json")]
    before = {path: path.read_bytes() for path in lost[:2]}
    for path in lost:
        path.unlink()
    process = run(finished, sweep(finished))
    assert process.returncode == 0, process.stderr
    assert {path: path.read_bytes() for path in before} == before
    assert computed_counts(finished) == dict.fromkeys((path.stem for path in lost[2:]), 0)


def test_a_run_writes_tables_and_figures(finished):
    results = finished / "results/tiny"
    assert {"accuracy.csv", "speedup.md", "speedup.html"} <= {path.name for path in results.glob("tables/*")}
    assert {"speedup.svg", "work_precision.svg"} <= {path.name for path in results.glob("figures/*")}


def test_a_run_fills_the_store(finished):
    node = open_results(store(finished))["mill-4"].load()
    assert node["status"].values.tolist() == [1] * 6
    assert np.isfinite(node["angle"]).all()


def test_results_name_no_folder_and_the_machine_as_wished(finished):
    # Between characters of base64, which Plotly's code is in, a short name stands by chance.
    host = re.compile(rf"(?<![\w/+=]){re.escape(platform.node())}(?![\w/+=])".encode())
    results, found = finished / "results/tiny", {}
    files = [path for path in results.rglob("*") if path.is_file() and path.suffix != ".claim"]
    for path in files:
        found[path.relative_to(results).as_posix()] = content = path.read_bytes()
        assert str(finished).encode() not in content, path
        assert str(Path.home()).encode() + b"/" not in content, path
        assert not host.search(content), path
    for name in ("timing.json", "report.html", "tables/speedup.csv", "groups/numpy-0000.json"):
        assert MACHINE.encode() in found[name], name
    assert "profile/flamegraph.svg" in found
    assert set(open_results(store(finished))["mill-4"]["machine"].values) == {MACHINE}


REPORTED = {
    "Summary": {"the whole sweep": "report"},
    "Figures": {
        "speedup by size": "speedup",
        "error over step size": "error_over_step",
        "run time over error": "work_precision",
    },
    "Tables": {
        "accuracy of every case": "accuracy",
        "speedup at equal step": "speedup",
        "speedup at equal error": "equal_error",
        "observed orders": "orders",
    },
}
"""What Snakemake's own report shows: labels and the files of their captions, by category."""


def test_snakemakes_own_report_has_categories_labels_and_captions(finished, browser):
    path = finished / "report.html"
    made = run(finished, sweep(finished), "--report", str(path))
    assert made.returncode == 0, made.stderr
    page, complaints = browser.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for category, labels in REPORTED.items():
        for label, caption in labels.items():
            page.goto(path.as_uri())
            page.get_by_text(category, exact=True).first.click()
            row = page.locator("tr", has_text=label)
            row.locator("a[iconname=information-circle]").click()
            first_line = (ROOT / "workflow/report" / f"{caption}.rst").read_text().splitlines()[0]
            page.get_by_text(first_line.split("``")[0]).wait_for()
    page.close()
    assert complaints == []


def test_the_extra_workflow_brings_what_snakemakes_report_needs():
    """A full environment has these packages by way of others, so that no report would miss one."""
    sources = (Path(snakemake.__file__).parent / "report").rglob("*.py")
    needed = {name for path in sources for name in re.findall(r"package (\w+) must be", path.read_text())}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"jinja2", "pygments"} <= needed <= {re.split(r"\W", item)[0] for item in extras["workflow"]}


def test_a_second_run_does_nothing_and_one_more_dt_only_its_cases(finished):
    again = run(finished, sweep(finished))
    assert "Nothing to be done" in again.stderr
    before = computed_counts(finished)
    more = run(finished, sweep(finished, dt=(0.002, 0.001)), "--until", "simulations")
    assert more.returncode == 0, more.stderr
    added = {group: count for group, count in computed_counts(finished).items() if group not in before}
    assert list(added.values()) == [6]
    assert "numpy-0000" not in more.stderr.replace("numpy-0000.json", "")


def test_what_is_gone_from_the_store_is_computed_again(finished):
    (Path(store(finished)) / "mill-4/status/c/0").unlink()
    again = run(finished, sweep(finished), "--until", "simulations")
    assert again.returncode == 0, again.stderr
    assert open_results(store(finished))["mill-4"]["status"].values[:6].tolist() == [1] * 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"timing": {"repeat": 3}}, 'timing.repeat: unknown key; did you mean "repeats"?'),
        ({"simulation": {"duration": 0.1, "save_interval": 0.03}}, "no multiple of the save interval"),
    ],
)
def test_a_wrong_config_stops_with_its_message_alone(tmp_path, change, message):
    process = run(tmp_path, sweep(tmp_path, **change))
    assert process.returncode == 2
    assert message in process.stderr
    assert "Traceback" not in process.stderr
    assert len(process.stderr.splitlines()) <= 4
    assert not (tmp_path / "results").exists()
