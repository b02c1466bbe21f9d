"""Published results name no folders of the machine, and the machine as its owner wishes."""

import platform
from pathlib import Path

import pytest

from molenspin.config import config_from_mapping
from molenspin.output.publication import machine_name, publishable, without_folders
from molenspin.timing import environment
from molenspin.timing.environment import read_environment
from molenspin.timing.threads import ThreadPinning

PINNED = ThreadPinning(threads=1, processors=(), pools=(), variables={})


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("/home/jo/lab/x.yaml is not a file", "x.yaml is not a file"),
        ("cannot read '/a/b/c.csv': gone", "cannot read 'c.csv': gone"),
        ("--output=/a/b/c.json", "--output=c.json"),
        ("in /a/b/, line 3", "in b, line 3"),
        ("file:///a/b/c", "c"),
        ("kept: 1/2, a/b/c, N/m and https://a.org/b/c, s3://x/y/z", None),
        ("rad/s / m/s", None),
    ],
)
def test_a_sentence_keeps_the_names_of_its_paths(text, published):
    assert without_folders(text) == (published or text)


def test_paths_below_this_folder_are_relative_even_with_spaces(tmp_path, monkeypatch):
    folder = tmp_path / "my lab"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert without_folders(f"no {folder}/results/x and {folder}/y") == "no results/x and y"
    monkeypatch.chdir(tmp_path)
    assert without_folders(f"/x{tmp_path}/y") == "y"


def test_a_configuration_has_no_absolute_paths(tmp_path):
    content = {
        "sweep": [{"assemblies": [{"file": "/opt/my lab/mill.yaml"}], "backends": ["numpy"]}],
        "outputs": {"directory": str(tmp_path / "out put"), "mill_table": f"file://{tmp_path}/m.csv"},
        "storage": {"url": "s3://bucket/sweep"},
        "timing": {"where": "dt /2 > 1 /1000"},
    }
    found = publishable(content)
    assert str(tmp_path) not in str(found)
    assert found["sweep"][0]["assemblies"] == [{"file": "mill.yaml"}]
    assert found["outputs"] == {"directory": "out put", "mill_table": "m.csv"}
    assert (found["storage"], found["timing"]) == (content["storage"], content["timing"])
    defaults = config_from_mapping({}).model_dump(mode="json")
    assert publishable(defaults) == defaults


def test_the_machine_has_its_hosts_name_or_the_one_given(monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "secret-host")
    monkeypatch.delenv("MOLENSPIN_MACHINE", raising=False)
    assert machine_name() == "secret-host"
    assert read_environment(PINNED).machine.startswith("secret-host (")
    assert read_environment(PINNED, machine="given").machine == "given"
    monkeypatch.setenv("MOLENSPIN_MACHINE", "a mill")
    assert machine_name() == read_environment(PINNED).machine == "a mill"
    assert "secret-host" not in repr(read_environment(PINNED))


def test_the_command_of_a_timing_names_no_folders(monkeypatch):
    script = Path.cwd() / ".snakemake" / "timing.py"
    monkeypatch.setattr(environment.sys, "orig_argv", ["/usr/bin/python", str(script), "/else/where/x.json"])
    assert read_environment(PINNED).command == "python .snakemake/timing.py x.json"
