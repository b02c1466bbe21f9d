"""Declaring, saving, loading and compiling assemblies."""

import numpy as np
import pytest
from catalogue import REFERENCE

import molenspin as ms
from molenspin.assembly.compile import compile_ensemble
from molenspin.assembly.yaml_format import content_hash


@pytest.mark.parametrize(("family", "size"), [("mill", 4), ("mill", 12), ("train", 8)])
def test_families_are_the_reference_files(family, size):
    built = ms.benchmark_assembly(family, size)
    assert content_hash(built) == content_hash(ms.load_assembly(REFERENCE / f"{family}{size}.yaml"))


def test_saving_and_loading_is_the_identity(assembly_name, tmp_path):
    assembly = ms.load_assembly(REFERENCE / f"{assembly_name}.yaml")
    assembly.save(tmp_path / "copy.yaml")
    assert content_hash(ms.load_assembly(tmp_path / "copy.yaml")) == content_hash(assembly)


def test_compiled_arrays_are_read_only_and_contiguous(assembly_name):
    compiled = ms.load_assembly(REFERENCE / f"{assembly_name}.yaml").compile()
    for name, array in compiled.arrays().items():
        assert array.flags.c_contiguous, name
        assert not array.flags.writeable, name


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "common length"),
        ({"gear0.inertia": [1.0, 2.0], "gear1.inertia": [1.0]}, "common length"),
        ({"gear0.inertai": [1.0]}, "did you mean 'inertia'"),
        ({"gaer0.inertia": [1.0]}, "did you mean 'gear0'"),
        ({"inertia": [1.0]}, "component.field"),
        ({"gear0.inertia": [1.0, -1.0]}, "gear0: inertia of member 1 must be a finite number above 0"),
    ],
)
def test_bad_ensembles_are_refused(parameters, message):
    with pytest.raises(ms.MolenspinError, match=message):
        compile_ensemble(ms.benchmark_assembly("train", 4), parameters)


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ([ms.Gear("rotor0", "rotor2", (36, 24), 7.0)], {"gear_rotor0_rotor1", "coupling_rotor2_rotor1"}),
        ([ms.Lock("rotor0", "spin"), ms.Drive("rotor1", 2.0)], {"lock_rotor0", "drive_rotor1"}),
    ],
)
def test_redundant_constraints_are_named(extra, named):
    assembly = ms.benchmark_assembly("rig", 8)
    assembly.add(*extra)
    with pytest.raises(ms.OverconstrainedError, match="depend on each other") as caught:
        assembly.compile()
    assert named <= set(caught.value.constraints)
    assert not any("rotor4" in name for name in caught.value.constraints)


def test_a_ring_of_planetary_sets_is_redundant():
    """Five equations for four angles: one is too many."""
    assembly = ms.Assembly("ring")
    for name in "abcd":
        assembly.add_body(name, inertia=1.0, mass=1.0)
    assembly.add(
        ms.Planetary("b", "c", "a", (20, 60)),
        ms.Gear("b", "d", (20, 20), 100.0),
        ms.Coupling("d", "c"),
        ms.Coupling("c", "a"),
        ms.Planetary("d", "c", "a", (20, 60)),
    )
    with pytest.raises(ms.OverconstrainedError, match="depend on each other"):
        assembly.compile()


@pytest.mark.parametrize("family", ["mill", "train", "rig"])
def test_elimination_of_the_families_has_no_fill_in(family):
    compiled = ms.benchmark_assembly(family, 24).compile()
    jacobian = dense_jacobian(compiled)
    order = compiled.elimination_order
    matrix = (jacobian / compiled.mass) @ jacobian.T
    factor = np.linalg.cholesky(matrix[np.ix_(order, order)])
    below = np.tril(matrix[np.ix_(order, order)])
    assert np.count_nonzero(abs(factor) > 1e-14) <= np.count_nonzero(below)


def dense_jacobian(compiled) -> np.ndarray:
    from molenspin.assembly.compile import jacobian_rows

    jacobian = np.zeros((compiled.constraint_count, len(compiled.mass)))
    for number, row in enumerate(jacobian_rows(compiled)):
        jacobian[number, list(row)] = list(row.values())
    return jacobian
