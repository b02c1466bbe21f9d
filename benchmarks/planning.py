"""What it costs to plan a sweep and to have Snakemake show it: `python -m benchmarks.planning`.

One assembly in as many winds, each step in a process of its own: making the plan; `snakemake -n` of the whole
sweep; the same once the store is prepared, as after a run that was stopped early; and making the plan when
all cases are finished but the groups' records are gone, so that every status is read from the store.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from os import getloadavg, wait4
from pathlib import Path
from time import perf_counter

import yaml

from benchmarks.overhead import ROOT, sweep
from molenspin.pipeline.project import open_project
from molenspin.status import CaseStatus
from molenspin.store.location import array_of
from molenspin.store.origins import origin_of
from molenspin.store.reading import nodes_of
from molenspin.sweep.batches import fingerprint_number

PLAN = "import sys; from pathlib import Path; from molenspin.pipeline.project import open_project; "
MAKE_PLAN = PLAN + "print(len(open_project(Path(sys.argv[1])).plan.groups))"
PREPARE = PLAN + (
    "from molenspin.store.preparation import prepare_store; "
    "project = open_project(Path(sys.argv[1])); prepare_store(project.plan, project.places.store)"
)


@dataclass(frozen=True)
class Cost:
    """What a process took.

    Parameters
    ----------
    wall, processor
        Time to its end, and time on processors, those of its children included [s].
    mebibytes
        Largest resident memory [MiB].
    """

    wall: float
    processor: float
    mebibytes: float

    def __str__(self) -> str:
        return f"{self.wall:6.1f} s, {self.processor:6.1f} s of processor, {self.mebibytes:6.0f} MiB"


def cost_of(command: list[str]) -> Cost:
    """Run a command to its end."""
    begin = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return Cost(perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def mark_finished(content: dict[str, object]) -> None:
    """Write status and origin of all cases, as if they had been computed."""
    project = open_project(content)
    for _, node in nodes_of(project.places.store, read_only=False):
        array_of(node, "status")[:] = int(CaseStatus.OK)
        fingerprint = fingerprint_number(project.plan.fingerprints["rust"])
        array_of(node, "origin")[:] = origin_of(fingerprint, "a machine")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=10**6, help="cases of the sweep (default: %(default)s)")
    parser.add_argument("--size", type=int, default=12, help="bodies of each (default: %(default)s)")
    arguments = parser.parse_args()
    print(f"{arguments.cases} cases of mill({arguments.size}), load {getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "config.yaml"
        content = sweep(Path(name), arguments.cases, arguments.size, 20.0, 2)
        config.write_text(yaml.safe_dump(content))
        python = [sys.executable, "-c"]
        dry_run = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "--directory", name]
        dry_run += ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(config)]
        print(f"plan                  {cost_of([*python, MAKE_PLAN, str(config)])}")
        print(f"snakemake -n          {cost_of(dry_run)}")
        print(f"plan, make the store  {cost_of([*python, PREPARE, str(config)])}")
        print(f"snakemake -n, again   {cost_of(dry_run)}")
        mark_finished(content)
        print(f"plan, all finished    {cost_of([*python, MAKE_PLAN, str(config)])}")


if __name__ == "__main__":
    main()
