"""What needs a CUDA device: every path on it, against NumPy."""

from pathlib import Path

import numpy as np
import pytest

import molenspin as ms

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no CUDA device"),
]

from molenspin.assembly.compile import compile_assembly, compile_ensemble  # noqa: E402
from molenspin.backends.protocol import Execution, Settings  # noqa: E402
from molenspin.backends.registry import get_backend  # noqa: E402
from molenspin.backends.torch import TorchBackend  # noqa: E402
from molenspin.integrators import Integrator  # noqa: E402
from molenspin.simulation.history import allocate_history  # noqa: E402

REFERENCE = Path(__file__).parents[1] / "reference"
VARIABLES = ("angle", "displacement", "angular_velocity", "velocity")


def simulated(backend, compiled, settings, execution):
    history = allocate_history(compiled, settings, reaction=True)
    return history, backend.run(compiled, settings, execution, history)


def largest_difference(a, b):
    return max(float(np.abs(getattr(a, name) - getattr(b, name)).max()) for name in VARIABLES)


@pytest.mark.parametrize("path", ["fused", "captured"])
def test_every_path_agrees_with_numpy(path, integrator, assembly_name):
    compiled = compile_assembly(ms.load_assembly(REFERENCE / f"{assembly_name}.yaml"))
    steps = 1000 if path == "fused" else 200
    settings = Settings(dt=1e-3, step_count=steps, integrator=Integrator(integrator), save_every=50)
    expected, reference = simulated(get_backend("numpy"), compiled, settings, Execution())
    found, outcome = simulated(TorchBackend(path), compiled, settings, Execution(device="cuda"))
    assert largest_difference(expected, found) < 1e-9
    assert outcome.newton_iterations.tolist() == reference.newton_iterations.tolist()
    np.testing.assert_allclose(found.reaction, expected.reaction, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("size", [4, 48])
def test_members_of_an_ensemble_are_those_run_alone(size):
    count = 100
    scale = np.linspace(0.9, 1.1, count)
    parameters = {"spur0.inertia": 440.0 * scale, "nut0.mass": 60.0 * scale}
    compiled = compile_ensemble(ms.benchmark_assembly("mill", size), parameters)
    settings = Settings(dt=1e-3, step_count=200, integrator=Integrator.RK4, save_every=20)
    many, outcome = simulated(TorchBackend(), compiled, settings, Execution(device="cuda"))
    assert "triton" in outcome.path
    for number in (0, 57, count - 1):
        alone, _ = simulated(get_backend("numpy"), compiled.member(number), settings, Execution())
        for name in VARIABLES:
            np.testing.assert_allclose(
                getattr(many, name)[number], getattr(alone, name)[0], rtol=0, atol=1e-9
            )


def test_a_diverging_member_leaves_the_others_alone():
    assembly = ms.benchmark_assembly("shafting", 4)
    shaft = next(part.name for part in assembly.elements if isinstance(part, ms.ElasticShaft))
    compiled = compile_ensemble(assembly, {f"{shaft}.stiffness": [2000.0, 1e10, 1500.0]})
    settings = Settings(dt=1e-3, step_count=100, integrator=Integrator.RK4)
    expected, reference = simulated(get_backend("numpy"), compiled, settings, Execution())
    found, outcome = simulated(TorchBackend(), compiled, settings, Execution(device="cuda"))
    assert outcome.status.tolist() == reference.status.tolist() == [1, 2, 1]
    assert outcome.stop_step.tolist() == reference.stop_step.tolist()
    np.testing.assert_allclose(found.angle, expected.angle, atol=1e-6)


def test_float32_agrees_to_its_precision(integrator):
    compiled = compile_assembly(ms.load_assembly(REFERENCE / "zoo-b.yaml"))
    settings = Settings(dt=1e-3, step_count=100, integrator=Integrator(integrator))
    expected, _ = simulated(get_backend("numpy"), compiled, settings, Execution())
    found, _ = simulated(TorchBackend(), compiled, settings, Execution(device="cuda", dtype="float32"))
    np.testing.assert_allclose(found.angle, expected.angle, atol=1e-5)
