"""Random assemblies of every element and constraint: all backends give the same trajectories."""

import numpy as np
import pytest
import xarray as xr
from catalogue import BACKENDS
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS
from molenspin.assembly.parameters import field_types
from molenspin.assembly.yaml_format import assembly_from_dict
from molenspin.backends.numpy_model import DenseModel

BODIES = [
    {"name": "a", "inertia": 1.0, "mass": 2.0},
    {"name": "b", "inertia": 2.0, "mass": 2.0, "angle": 0.1, "angular_velocity": 0.3},
    {"name": "c", "inertia": 3.0, "mass": 2.0, "angle": 0.2, "angular_velocity": 0.6},
]
SIZES = st.floats(0.1, 5.0)
SPECIAL = {
    "a": st.sampled_from("abc"),
    "b": st.sampled_from("abc"),
    "sun": st.just("a"),
    "ring": st.just("b"),
    "carrier": st.just("c"),
    "dof": st.sampled_from(["spin", "axial"]),
    "teeth": st.lists(st.integers(10, 40), min_size=2, max_size=2),
    "radii": st.lists(SIZES, min_size=2, max_size=2),
    "lifts": st.lists(SIZES, min_size=1, max_size=4),
    "gusts": st.lists(st.lists(SIZES, min_size=3, max_size=3), max_size=3),
    "internal": st.booleans(),
    "crossed": st.booleans(),
    "slip": st.floats(0.0, 0.5),
    "rod": st.floats(6.0, 9.0),
}


def entry(part: type) -> st.SearchStrategy[dict[str, object]]:
    names = set(field_types(part)) - {"name"}
    if part is ms.Belt:
        names.remove("teeth")
    fields = {name: SPECIAL.get(name, SIZES) for name in sorted(names)}
    return st.fixed_dictionaries({"type": st.just(part.__name__), **fields})


FILES = st.fixed_dictionaries(
    {
        "name": st.just("random"),
        "bodies": st.just(BODIES),
        "elements": st.lists(st.one_of(*map(entry, ELEMENTS)), max_size=5),
        "constraints": st.lists(st.one_of(*map(entry, CONSTRAINTS)), max_size=3),
    }
)


def run(assembly: ms.Assembly, backend: str, integrator: str) -> xr.Dataset | None:
    """The trajectory, or None where the run fails."""
    try:
        return assembly.simulate(
            duration=0.2, dt=0.01, backend=backend, integrator=integrator, record=["reaction"]
        )
    except ms.SimulationError:
        return None


def worst_condition(assembly: ms.Assembly, trajectory: xr.Dataset) -> float:
    """Largest condition number of G M^-1 G^T on the way: near a singular one the motion is not determined."""
    compiled = assembly.compile()
    if not compiled.constraint_count:
        return 1.0
    model, worst = DenseModel(compiled), 1.0
    for sample in range(trajectory.sizes["time"]):
        state = trajectory.isel(time=sample)
        position = np.stack([state["angle"], state["displacement"]], axis=-1).ravel()
        jacobian = model.jacobian(model.pairs(position))
        worst = max(worst, float(np.linalg.cond((jacobian * model.inverse_mass) @ jacobian.T)))
    return worst


@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "numpy"])
@settings(max_examples=100)
@given(data=FILES, integrator=st.sampled_from(list(ms.Integrator)))
def test_backends_agree_on_random_assemblies(backend: str, data: object, integrator: ms.Integrator):
    try:
        assembly = assembly_from_dict(data)
        assembly.compile()
    except ms.MolenspinError:
        assume(False)
    expected, found = run(assembly, "numpy", integrator), run(assembly, backend, integrator)
    finished = expected if expected is not None else found
    if finished is None:
        return
    assume(worst_condition(assembly, finished) < 1e6)
    assert expected is not None
    assert found is not None
    for name in found.data_vars:
        size = float(np.abs(expected[name]).max()) if expected[name].size else 0.0
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-8 * (1 + size))
