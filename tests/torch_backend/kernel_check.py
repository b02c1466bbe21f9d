"""Runs the fused kernel in Triton's interpreter beside NumPy: a script, as that is chosen at import.

Usage: python kernel_check.py CASE...; prints one JSON object per case.
"""

import os
import sys

os.environ["TRITON_INTERPRET"] = "1"

import json
from pathlib import Path

import numpy as np

import molenspin as ms
from molenspin.assembly.compile import compile_assembly, compile_ensemble
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Execution, History, Outcome, Settings
from molenspin.backends.registry import get_backend
from molenspin.backends.torch import TorchBackend
from molenspin.integrators import Integrator
from molenspin.simulation.history import allocate_history

REFERENCE = Path(__file__).parents[1] / "reference"


def compiled_case(name: str) -> CompiledAssembly:
    """A reference assembly, a family member like mill(8), or an ensemble."""
    if name == "ensemble":
        return compile_ensemble(
            ms.benchmark_assembly("mill", 8),
            {"spur0.inertia": [400.0, 440.0, 480.0], "stone0.mass": [700.0, 800.0, 900.0]},
        )
    if name == "stiff":
        assembly = ms.benchmark_assembly("shafting", 4)
        shaft = next(part.name for part in assembly.elements if isinstance(part, ms.ElasticShaft))
        return compile_ensemble(assembly, {f"{shaft}.stiffness": [2000.0, 1e10, 1500.0]})
    if "-" in name or name.removesuffix("8").endswith("n"):
        return compile_assembly(ms.load_assembly(REFERENCE / f"{name}.yaml"))
    family = name.rstrip("0123456789")
    return compile_assembly(ms.benchmark_assembly(family, int(name.removeprefix(family))))


def run(backend: object, compiled: CompiledAssembly, settings: Settings) -> tuple[History, Outcome]:
    """Simulate on the CPU with reactions."""
    history = allocate_history(compiled, settings, reaction=True)
    return history, backend.run(compiled, settings, Execution(device="cpu"), history)


def check(case: str) -> dict[str, object]:
    """Largest difference of each variable, and the totals of both."""
    name, integrator, steps = case.split(":")
    compiled = compiled_case(name)
    settings = Settings(dt=1e-3, step_count=int(steps), integrator=Integrator(integrator), save_every=2)
    expected, reference = run(get_backend("numpy"), compiled, settings)
    found, outcome = run(TorchBackend("fused"), compiled, settings)
    result: dict[str, object] = {"path": outcome.path}
    for variable in ("angle", "displacement", "angular_velocity", "velocity", "reaction"):
        a, b = getattr(expected, variable), getattr(found, variable)
        assert np.array_equal(np.isnan(a), np.isnan(b)), variable
        result[variable] = float(np.nanmax(np.abs(a - b), initial=0.0))
    for total in ("status", "stop_step", "stop_index", "newton_iterations"):
        result[total] = [getattr(reference, total).tolist(), getattr(outcome, total).tolist()]
    return result


if __name__ == "__main__":
    print(json.dumps({case: check(case) for case in sys.argv[1:]}))
