"""Ensembles as compiled: what varies carries a member axis, and members are picked by number."""

import numpy as np
import pytest
from random_parts import random_assembly

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS
from molenspin.assembly.compile import compile_ensemble, parameter_names
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.assembly.parameters import varying_fields

PICKED = np.array([2, 0])


def assert_same(found: CompiledAssembly, expected: CompiledAssembly, path: str) -> None:
    for name, array in expected.arrays().items():
        np.testing.assert_array_equal(found.arrays()[name], array, err_msg=f"{path} {name}")


@pytest.mark.parametrize("kind", [ms.Body, *ELEMENTS, *CONSTRAINTS])
def test_members_are_the_assemblies_with_their_values(kind):
    """Every number of every class, varied alone."""
    assembly = random_assembly(np.random.default_rng(4), *(() if kind is ms.Body else (kind,)))
    parts = (*assembly.bodies[:1], *assembly.elements, *assembly.constraints)
    component = next(part for part in parts if isinstance(part, kind))
    for field in varying_fields(kind):
        values = np.array([1.0, 1.01, 1.02]) * (getattr(component, field) or 0.1)
        path = f"{component.name}.{field}"
        assert path in parameter_names(assembly)
        ensemble = compile_ensemble(assembly, {path: values})
        alone = [assembly.replacing({component.name: {field: float(v)}}).compile() for v in values]
        picked = ensemble.members(PICKED)
        assert (ensemble.member_count, picked.member_count) == (3, 2)
        assert differing(alone) <= ensemble.varying() == picked.varying()
        for number, expected in enumerate(alone):
            member = ensemble.member(number)
            assert (member.member_count, member.varying()) == (1, frozenset())
            assert_same(member, expected, path)
        for number, chosen in enumerate(PICKED):
            assert_same(picked.member(number), alone[chosen], path)


def differing(alone: list[CompiledAssembly]) -> frozenset[str]:
    first, last = alone[0].arrays(), alone[-1].arrays()
    return frozenset(name for name in first if not np.array_equal(first[name], last[name]))


def test_two_parameters_vary_together():
    assembly = ms.benchmark_assembly("rig", 4)
    ensemble = compile_ensemble(assembly, {"rotor0.inertia": [1.0, 2.0], "rotor1.mass": [3.0, 4.0]})
    np.testing.assert_array_equal(ensemble.mass[:, [0, 3]], [[1.0, 3.0], [2.0, 4.0]])
    assert ensemble.varying() == {"mass"}


@pytest.mark.parametrize("shape", [(0,), (1, 2), ()])
def test_values_have_one_axis(shape):
    with pytest.raises(ms.InvalidValueError, match="one common length"):
        compile_ensemble(ms.benchmark_assembly("rig", 4), {"rotor0.inertia": np.ones(shape)})


def test_an_ensemble_may_have_one_member():
    assembly = ms.benchmark_assembly("rig", 4)
    ensemble = compile_ensemble(assembly, {"rotor0.inertia": [5.0]})
    assert ensemble.member_count == 1
    assert_same(ensemble.member(0), assembly.replacing({"rotor0": {"inertia": 5.0}}).compile(), "inertia")


def test_lifts_of_several_cams_are_filled_up_with_0():
    assembly = ms.Assembly("stampers")
    for name in "abcd":
        assembly.add_body(name, inertia=1.0, mass=1.0)
    assembly.add(ms.Cam("a", "b", (0.1, 0.2, 0.3)), ms.Cam("a", "c", (0.4,)), ms.Cam("a", "d", (0.5, 0.6)))
    expected = [[0.1, 0.2, 0.3], [0.4, 0.0, 0.0], [0.5, 0.6, 0.0]]
    assert assembly.compile().cams.lift.tolist() == expected


@pytest.mark.parametrize("filled", [True, False])
def test_tables_of_rows_have_four_columns_also_when_empty(filled):
    assembly = ms.Assembly("rows")
    for name in "ab":
        assembly.add_body(name, inertia=1.0, mass=1.0)
    if filled:
        assembly.add(ms.ElasticMesh("a", "b", 1.0, 1.0, 1.0, 1.0), ms.Lock("a", "spin"))
    arrays = assembly.compile().arrays()
    for table in ("meshes", "linear_rows"):
        for column in ("index", "direction"):
            assert arrays[f"{table}.{column}"].shape == (int(filled), 4)
