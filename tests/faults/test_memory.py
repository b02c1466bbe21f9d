"""A case that memory does not hold fails, and the others go on: refused memory, or killed for it."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from molenspin.strict_yaml import dump_yaml

ROOT = Path(__file__).parents[2]

LARGE = {"numpy": (8_000, 100.0), "rust": (1_000, 1_000.0)}
"""Bodies and simulated time [s] by backend: each records over 2 GiB."""


@pytest.fixture
def large(tmp_path, backend):
    """A sweep of two cases, of which one is small."""
    size, duration = LARGE[backend]
    block = {"dt": [0.01], "integrators": ["euler"], "backends": [backend]}
    sizes = [{"family": "shafting", "sizes": [4, size]}]
    config = tmp_path / "config.yaml"
    content = {
        "name": "large",
        "sweep": [block | {"assemblies": sizes}],
        "simulation": {"duration": duration, "save_interval": 0.01},
        "timing": {"repeats": 0},
        "outputs": {"directory": str(tmp_path / "results"), "profile_seconds": 0},
    }
    config.write_text(dump_yaml(content))
    return config


def status(config):
    command = [sys.executable, "-m", "molenspin", "status", str(config)]
    return subprocess.check_output(command, text=True)


def test_a_case_that_the_allocator_refuses_has_failed(large, backend):
    limit = 2 * 2**30
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name("run_sweep.py")), str(large)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        check=True,
    )
    text = status(large)
    assert "shafting-4: 1 ok" in text
    assert f"shafting-{LARGE[backend][0]}: 1 failed" in text
    assert "memory" in text


@pytest.mark.parametrize("backend", ["rust"])
def test_a_case_that_the_kernel_kills_has_failed(large, control_group):
    entrance = control_group(768 * 2**20)
    snakemake = [sys.executable, "-m", "snakemake", "--cores", "2", "--directory", str(large.parent)]
    places = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(large)]
    process = subprocess.run(
        [*snakemake, *places, "--until", "simulations"],
        preexec_fn=lambda: entrance.write_text("0"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    text = status(large)
    assert "shafting-4: 1 ok" in text
    assert "shafting-1000: 1 failed" in text
    assert "the process that ran it died (signal 9): out of memory?" in text
