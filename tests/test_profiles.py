"""Profiles of clusters that are not here: a dry run shows that Snakemake takes them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_grid_engine_profile_passes_a_dry_run(tmp_path):
    pytest.importorskip("snakemake_executor_plugin_cluster_generic")
    config = tmp_path / "config.yaml"
    config.write_text("sweep: [{backends: [numpy]}]\ntiming: {repeats: 0}\noutputs: {profile_seconds: 0}\n")
    snakemake = [sys.executable, "-m", "snakemake", "--dry-run", "--directory", str(tmp_path)]
    places = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(config)]
    profile = ["--workflow-profile", str(ROOT / "workflow/profiles/grid-engine"), "--until", "simulations"]
    process = subprocess.run([*snakemake, *places, *profile], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert "mem_mb=2000" in process.stdout + process.stderr
