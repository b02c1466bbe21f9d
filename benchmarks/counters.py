"""What the phase counters cost: the core as it is, and one that was built without them.

`python -m benchmarks.counters` builds both from the sources beside it (on Linux, with cargo, in some minutes
the first time). They run in turn in one process; the cost is the ratio of the two runs of a round. Only final
states are recorded: the shorter a step, the more its counters cost, and that of `rig(4)` is the shortest.
"""

import os
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from benchmarks.comparison import compare
from benchmarks.ensembles import varied_ensemble
from benchmarks.result_files import save_rows
from benchmarks.session import DT, new_parser, pinned_machine, progress
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.protocol import Execution, Settings
from molenspin.backends.rust import RustBackend
from molenspin.backends.workload import Contender, Workload
from molenspin.errors import MolenspinError
from molenspin.integrators import Integrator

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "target" / "counters"

VARIANTS: dict[str, tuple[str, ...]] = {"without": ("uncounted",), "with": ()}
"""Label of each build, and the cargo features that it has beside those of every build."""

CASES: tuple[tuple[Family, int, int, Integrator], ...] = (
    (Family.RIG, 4, 1, Integrator.RK4),
    (Family.RIG, 4, 1, Integrator.EULER),
    (Family.MILL, 12, 1, Integrator.RK4),
    (Family.RIG, 12, 64, Integrator.RK4),
    (Family.MILL, 12, 64, Integrator.RK4),
)
"""Family, bodies, members and integrator of what is run."""


ENSEMBLE_STEPS = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, measure and write the results."""
    parser = new_parser(__doc__, name="counters", sizes=(4, 12))
    parser.set_defaults(repeats=2000, budget=15.0)
    options = parser.parse_args(arguments)
    contenders = [
        Contender(label=label, backend=RustBackend(core=load(path)), execution=Execution(threads=1))
        for label, path in build(TARGET).items()
    ]
    with pinned_machine(options) as environment:
        for workload in _workloads(options):
            progress(f"{workload.compiled.name}, {workload.settings.integrator}")
            save_rows(compare(workload, contenders, environment, options), environment, options.output)
    return 0


def build(folder: Path) -> dict[str, Path]:
    """Compile every variant below a folder; what is there already and up to date is taken as it is."""
    return {label: _build(folder, label, features) for label, features in VARIANTS.items()}


def _build(folder: Path, label: str, features: Sequence[str]) -> Path:
    progress(f"building the core {label} counters")
    command = ["cargo", "build", "--release", "--locked", "--package", "molenspin-binding"]
    command += ["--target-dir", str(folder), "--features", ",".join(["pyo3/extension-module", *features])]
    environment = {**os.environ, "PYO3_PYTHON": sys.executable}
    try:
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MolenspinError(f"the core {label} counters was not built: {error}") from error
    return Path(shutil.copy(folder / "release" / "lib_core.so", folder / f"{label}.so"))


def load(path: Path) -> ModuleType:
    """Import a compiled core from its file, beside any other."""
    loader = ExtensionFileLoader("molenspin._core", str(path))
    spec = spec_from_file_location(loader.name, path, loader=loader)
    if spec is None:
        raise MolenspinError(f"{path}: not a compiled core")
    core = module_from_spec(spec)
    loader.exec_module(core)
    return core


def _workloads(options: Namespace) -> Iterator[Workload]:
    for family, size, members, integrator in CASES:
        if size not in options.sizes:
            continue
        assembly = benchmark_assembly(family, size)
        compiled = varied_ensemble(assembly, members) if members > 1 else assembly.compile()
        steps = options.steps if members == 1 else min(options.steps, ENSEMBLE_STEPS)
        settings = Settings(dt=DT, step_count=steps, integrator=integrator, save_every=steps)
        yield Workload(assembly=family, compiled=compiled, settings=settings)


if __name__ == "__main__":
    raise SystemExit(main())
