"""Gradients through short runs, against finite differences, and the documented fit."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

import molenspin as ms

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from molenspin.backends.torch.differentiable import simulate_differentiably  # noqa: E402

ROOT = Path(__file__).parents[2]
RUN = {"duration": 0.01, "dt": 1e-3}


@pytest.fixture(autouse=True)
def one_thread():
    """Tensors of a handful of bodies are too small for two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def final_state(assembly, values, integrator="rk4"):
    trajectory = simulate_differentiably(assembly, values, integrator=integrator, **RUN)
    return trajectory.angle[-1].sum() + trajectory.velocity[-1].sum() + trajectory.angular_velocity[-1].sum()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("zoo-a", ["elastic_shaft_stone_nut_stone.stiffness", "bearing_windshaft.coulomb"]),
        ("zoo-b", ["slider_crank_crank_saw.crank", "universal_joint_carrier_crank.angle"]),
    ],
)
def test_gradients_agree_with_finite_differences(name, parameters, integrator):
    assembly = ms.load_assembly(ROOT / "tests" / "reference" / f"{name}.yaml")
    for parameter in parameters:
        component, field = parameter.rsplit(".", 1)
        start = float(getattr(assembly.component(component), field))
        value = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(final_state(assembly, {parameter: value}, integrator), value)
        step = 1e-4 * start
        ends = [torch.tensor(start + sign * step, dtype=torch.float64) for sign in (1, -1)]
        larger, smaller = (final_state(assembly, {parameter: end}, integrator) for end in ends)
        expected = (larger - smaller) / (2 * step)
        assert gradient.item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-8), parameter


def test_values_are_those_of_the_backend():
    assembly = ms.benchmark_assembly("mill", 8)
    inertia = torch.tensor(420.0, dtype=torch.float64)
    trajectory = simulate_differentiably(assembly, {"spur0.inertia": inertia}, **RUN)
    expected = assembly.simulate_ensemble({"spur0.inertia": [420.0]}, backend="numpy", **RUN)
    assert abs(trajectory.angle.numpy() - expected.angle[0].values).max() < 1e-12
    assert abs(trajectory.time.numpy() - expected.time.values).max() < 1e-15


def test_a_parameter_that_is_no_tensor_is_refused():
    with pytest.raises(ms.MolenspinError, match="float64 tensor of shape"):
        simulate_differentiably(ms.benchmark_assembly("mill", 4), {"spur0.inertia": 420.0}, **RUN)


def test_the_documented_fit_finds_the_stiffness():
    text = (ROOT / "docs" / "gradients.md").read_text()
    printed = StringIO()
    with redirect_stdout(printed):
        exec("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), {})
    (expected,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    assert printed.getvalue() == expected
