"""Every backend against the reference trajectories, and against the NumPy baseline."""

import numpy as np
import pytest
from catalogue import BACKENDS

OTHERS = [name for name in BACKENDS if name != "numpy"]
VARIABLES = ("angle", "displacement", "angular_velocity", "velocity")
TOLERANCES = {"rk4": 1e-7, "verlet": 2e-4, "euler": 2e-2}
BACKLASH_TOLERANCES = {"rk4": 2e-5, "verlet": 2e-4, "euler": 2e-2}


def test_positions_match_the_reference(reference_run, reference_states, assembly_name, integrator, backend):
    run = reference_run(assembly_name, integrator, backend)
    tolerances = BACKLASH_TOLERANCES if assembly_name == "zoo-a" else TOLERANCES
    for state in reference_states:
        sample = run.sel(time=state["time"], method="nearest", tolerance=1e-9)
        for name in ("angle", "displacement"):
            np.testing.assert_allclose(sample[name], state[name], rtol=0, atol=tolerances[integrator])


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("backend", OTHERS)
def test_backends_agree(reference_run, assembly_name, integrator, backend, variable):
    run = reference_run(assembly_name, integrator, backend)
    baseline = reference_run(assembly_name, integrator, "numpy")
    np.testing.assert_allclose(run[variable], baseline[variable], rtol=0, atol=1e-9)


@pytest.mark.parametrize("backend", OTHERS)
def test_reactions_agree(reference_run, assembly_name, integrator, backend):
    run = reference_run(assembly_name, integrator, backend)["reaction"]
    baseline = reference_run(assembly_name, integrator, "numpy")["reaction"]
    np.testing.assert_allclose(run, baseline, rtol=1e-6, atol=1e-6 * float(abs(baseline).max()))


def test_constraints_stay_within_tolerance(reference_run, assembly_name, integrator, backend):
    attrs = reference_run(assembly_name, integrator, backend).attrs
    assert attrs["max_residual"] <= attrs["tolerance"]


def test_counts_are_those_of_the_method(reference_run, assembly_name, integrator, backend):
    run = reference_run(assembly_name, integrator, backend)
    per_step = {"rk4": 4, "verlet": 2, "euler": 1}[integrator]
    assert run.attrs["force_evaluations"] == per_step * 1000
