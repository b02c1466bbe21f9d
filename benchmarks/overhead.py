"""What a sweep costs beside its simulations: `python -m benchmarks.overhead --cases 10000`.

Runs a real sweep with Snakemake in a temporary folder, as users run it: one assembly in many winds on
backend rust, jobs and storage by their defaults. Prints the share of the core time that went into simulation,
and where the rest went: planning, process start and scheduling, storage and batching. A pilot measures how
long a case takes and chooses the simulated time, so that a case takes what `--milliseconds` says.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import getloadavg
from pathlib import Path

import numpy as np
import yaml

from molenspin.assembly.compile import compile_ensemble
from molenspin.assembly.families import benchmark_assembly
from molenspin.backends.protocol import Execution
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import simulation_settings
from molenspin.config import config_from_mapping
from molenspin.pipeline.project import open_project, places_of
from molenspin.simulation.history import allocate_history
from molenspin.store.records import load_records

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Shares:
    """Core-seconds of a sweep by what they went into.

    Parameters
    ----------
    simulation
        Inside backends.
    planning
        Reading the configuration and planning, once.
    storage
        In jobs, beside the backends: compiling, committing, waiting for the last batch.
    scheduling
        The rest: Snakemake, process starts, cores without a job.
    """

    simulation: float
    planning: float
    storage: float
    scheduling: float

    @property
    def total(self) -> float:
        """All core-seconds."""
        return self.simulation + self.planning + self.storage + self.scheduling

    def __str__(self) -> str:
        parts = ("simulation", "planning", "storage", "scheduling")
        return "\n".join(
            f"{part:<12} {getattr(self, part):8.1f} core-s {getattr(self, part) / self.total:7.1%}"
            for part in parts
        )


PILOT_BATCHES, PILOT_DURATION = 10, 4.0
"""Batches of the pilot for each core, and their simulated time [s]."""

BATCH_SIZE = 64
"""Cases of a batch, as a sweep has them by default."""

DT, SAMPLE_COUNT = 0.001, 100
"""Step [s], and recorded states of a case beside the first."""


def sweep(folder: Path, cases: int, size: int, duration: float, cores: int) -> dict[str, object]:
    """A sweep of one assembly in many winds."""
    wind = {"count": cases, "axes": {"sail_spur0.wind_speed": {"low": 6.0, "high": 12.0}}}
    block = {
        "assemblies": [{"family": "mill", "sizes": [size]}],
        "dt": [DT],
        "integrators": ["rk4"],
        "backends": ["rust"],
        "space": {"random": wind},
    }
    return {
        "name": "overhead",
        "sweep": [block],
        "simulation": {"duration": duration, "save_interval": duration / SAMPLE_COUNT},
        "execution": {"threads": cores},
        "outputs": {"directory": str(folder / "results")},
    }


def fitting_duration(milliseconds: float, size: int, cores: int) -> float:
    """Simulated time [s] with which a case takes so long: by the fastest of some batches on all cores."""
    winds = {"sail_spur0.wind_speed": np.linspace(6.0, 12.0, BATCH_SIZE)}
    compiled = compile_ensemble(benchmark_assembly("mill", size), winds)
    settings = simulation_settings(duration=PILOT_DURATION, dt=DT, integrator="rk4", save_every=100)

    def batch_seconds(_: int) -> float:
        history = allocate_history(compiled, settings, reaction=False)
        return get_backend("rust").run(compiled, settings, Execution(threads=1), history).elapsed

    with ThreadPoolExecutor(cores) as pool:
        fastest = min(pool.map(batch_seconds, range(PILOT_BATCHES * cores)))
    duration = PILOT_DURATION * milliseconds / (1000 * fastest / BATCH_SIZE)
    return max(1, round(duration / (SAMPLE_COUNT * DT))) * SAMPLE_COUNT * DT


def measure(cases: int, size: int, duration: float, cores: int) -> Shares:
    """Run the sweep's simulations and add up where the core time went."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = sweep(folder, cases, size, duration, cores)
        (folder / "config.yaml").write_text(yaml.safe_dump(content))
        begin = time.perf_counter()
        open_project(content)
        planning = time.perf_counter() - begin
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--directory", name]
        command += ["--snakefile", str(ROOT / "Snakefile"), "--until", "simulations"]
        command += ["--configfile", str(folder / "config.yaml")]
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        wall = time.perf_counter() - begin
        records = load_records(places_of(config_from_mapping(content)).records)
    simulation = sum(record.core_seconds for record in records)
    jobs = sum(record.elapsed * cores for record in records)
    return Shares(
        simulation=simulation,
        planning=planning * cores,
        storage=jobs - simulation,
        scheduling=wall * cores - jobs - planning * cores,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=10_000, help="cases of the sweep (default: %(default)s)")
    parser.add_argument("--size", type=int, default=12, help="bodies of each (default: %(default)s)")
    parser.add_argument(
        "--milliseconds", type=float, default=20.0, help="run time of a case (default: %(default)s)"
    )
    parser.add_argument("--cores", type=int, default=2, help="cores (default: %(default)s)")
    arguments = parser.parse_args()
    load = getloadavg()[0]
    duration = fitting_duration(arguments.milliseconds, arguments.size, arguments.cores)
    print(f"{arguments.cases} cases of mill({arguments.size}): {duration:g} s by rk4 on backend rust")
    print(f"{arguments.cores} cores, load {load:.1f} at the start")
    shares = measure(arguments.cases, arguments.size, duration, arguments.cores)
    print(shares)
    print(f"{1000 * shares.simulation / arguments.cases:.1f} ms of simulation a case")


if __name__ == "__main__":
    main()
