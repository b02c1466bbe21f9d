"""Gradients through short runs, against finite differences, and the documented fit."""

import re
from contextlib import redirect_stdout
from io import StringIO
from math import isfinite
from pathlib import Path

import pytest
from parts import example, part_of

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS
from molenspin.assembly.parameters import Bounds, field_types

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


def bounds_of_fields():
    """Every field of the catalogue with a bound that is allowed itself, and that bound."""
    for kind in (*ELEMENTS, *CONSTRAINTS):
        for field, hint in field_types(kind).items():
            bounds = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Bounds)), None)
            for bound in () if bounds is None or bounds.open else (bounds.low, bounds.high):
                if isfinite(bound):
                    yield pytest.param(kind, field, bound, id=f"{kind.__name__}.{field}={bound:g}")


@pytest.mark.parametrize(("kind", "field", "bound"), list(bounds_of_fields()))
def test_a_gradient_at_a_bound_is_one_sided(kind, field, bound):
    assembly = example()
    assembly.add(part_of(kind, **{field: bound}))

    def final(value):
        trajectory = simulate_differentiably(assembly, {f"part.{field}": value}, **RUN)
        states = (trajectory.angle, trajectory.angular_velocity, trajectory.displacement, trajectory.velocity)
        return sum(state[-1].sum() for state in states)

    value = torch.tensor(bound, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(final(value), value)
    step = 1e-3 if bound <= 0 else -1e-3
    start, first, second = (final(torch.tensor(bound + k * step, dtype=torch.float64)) for k in range(3))
    expected = (4 * first - 3 * start - second) / (2 * step)
    assert gradient.item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-9)


def test_a_gradient_next_to_another_parameter_is_one_sided():
    assembly = example()
    assembly.add(part_of(ms.SliderCrank, crank=0.5, rod=0.5 * (1 + 1e-6)))
    value = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    trajectory = simulate_differentiably(assembly, {"part.crank": value}, **RUN)
    (gradient,) = torch.autograd.grad(trajectory.displacement[-1].sum(), value)
    assert gradient.isfinite()


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_a_wrong_value_is_refused_without_naming_a_member(bad):
    assembly = example()
    assembly.add(part_of(ms.Bearing))
    with pytest.raises(ms.InvalidValueError, match=r"part: drag must be") as caught:
        simulate_differentiably(assembly, {"part.drag": torch.tensor(bad, dtype=torch.float64)}, **RUN)
    assert "member" not in str(caught.value)
