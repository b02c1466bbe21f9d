"""What a sweep costs beside its simulations: `python -m benchmarks.overhead --cases 10000`.

Runs a real sweep with Snakemake in a temporary folder and prints the share of the core time that went into
simulation, and where the rest went: planning, process start and scheduling, storage and batching.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from molenspin.config import config_from_mapping
from molenspin.project import open_project, places_of
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


def sweep(folder: Path, cases: int, size: int, duration: float, cores: int) -> dict[str, object]:
    """A sweep of one assembly in many winds."""
    wind = {"count": cases, "axes": {"sail_spur0.wind_speed": {"low": 6.0, "high": 12.0}}}
    block = {
        "assemblies": [{"family": "mill", "sizes": [size]}],
        "dt": [0.001],
        "integrators": ["rk4"],
        "backends": ["rust"],
        "space": {"random": wind},
    }
    return {
        "name": "overhead",
        "sweep": [block],
        "simulation": {"duration": duration, "save_interval": duration / 100},
        "execution": {"threads": cores, "job_seconds": 60},
        "outputs": {"directory": str(folder / "results")},
    }


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
        "--duration", type=float, default=20.0, help="simulated time [s] (default: %(default)s)"
    )
    parser.add_argument("--cores", type=int, default=2, help="cores (default: %(default)s)")
    arguments = parser.parse_args()
    shares = measure(arguments.cases, arguments.size, arguments.duration, arguments.cores)
    print(shares)
    print(f"{1000 * shares.simulation / arguments.cases:.1f} ms of simulation a case")


if __name__ == "__main__":
    main()
