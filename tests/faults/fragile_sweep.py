"""A sweep worth killing: a few groups of twelve batches, each of some tenths of a second."""

import sys
from pathlib import Path

from molenspin.store.reading import open_results, read_ledger
from molenspin.store.records import load_records
from molenspin.strict_yaml import dump_yaml

ROOT = Path(__file__).parents[2]

PACES = {"numpy": (1.0, 0.004), "rust": (400.0, 2.0)}
"""Simulated time and save interval [s] by backend, with which a batch takes some tenths of a second."""


class Sweep:
    """A configuration file in a folder, and what its store holds."""

    def __init__(self, folder, backend="numpy", slower=1):
        self.folder = folder
        self.config = folder / "config.yaml"
        self.store = folder / "results/fragile/trajectories.zarr"
        duration, save_interval = PACES[backend]
        block = {
            "assemblies": [{"family": "mill", "sizes": [4]}],
            "dt": [0.004, 0.002],
            "integrators": ["rk4"],
            "backends": [backend],
            "space": {"grid": {"sail_spur0.wind_speed": [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]}},
        }
        content = {
            "name": "fragile",
            "sweep": [block],
            "simulation": {"duration": duration * slower, "save_interval": save_interval},
            "timing": {"repeats": 0},
            "storage": {"batch_members": 1},
            "execution": {"threads": 1, "job_seconds": 0.2},
            "outputs": {"directory": str(folder / "results"), "profile_seconds": 0},
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(dump_yaml(content))

    def snakemake(self, directory=None):
        """The command of the whole tree: Snakemake with its jobs."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--until", "simulations"]
        places = ["--directory", directory or self.folder, "--snakefile", ROOT / "Snakefile"]
        return [*command, *map(str, places), "--configfile", str(self.config)]

    def results(self):
        """Cases by what was asked of them: status and trajectories."""
        ledger = read_ledger(str(self.store)).nodes.get("mill-4")
        if ledger is None or not ledger.status.any():
            return {}  # such a store may be half prepared
        node = open_results(str(self.store))["mill-4"].to_dataset().load()
        variables = ("angle", "displacement", "angular_velocity", "velocity")
        return {
            int(node["identity"][case]): [node[name][case].values.tobytes() for name in variables]
            for case in range(node.sizes["case"])
            if int(node["status"][case]) == 1
        }

    def computed_counts(self):
        """Cases that the job of each finished group computed."""
        records = load_records(self.folder / "results/fragile/groups")
        return {record.group: record.computed_count for record in records}
