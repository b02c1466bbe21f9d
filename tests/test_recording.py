"""What is recorded is each state in its place, however many there are."""

import numpy as np
import pytest
import xarray as xr

import molenspin as ms
from molenspin.simulation import simulate_ensemble

VARIABLES = ("angle", "displacement", "angular_velocity", "velocity")
STEP_COUNT = 300
ASSEMBLIES = [("rig", 4), ("rig", 12), ("mill", 8), ("train", 4), ("shafting", 3)]


def simulate(family: str, size: int, *, step_count: int = STEP_COUNT, **settings: object) -> xr.Dataset:
    assembly = ms.benchmark_assembly(family, size)
    return assembly.simulate(duration=step_count * 1e-3, dt=1e-3, **settings)


@pytest.fixture(scope="module", params=ASSEMBLIES, ids=str)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def every_step(family):
    return simulate(*family)


def test_every_step_agrees_with_the_dense_baseline(family, every_step):
    dense = simulate(*family, backend="numpy")
    for name in VARIABLES:
        np.testing.assert_allclose(every_step[name], dense[name], rtol=1e-9, atol=1e-9)


# Rows of the buffers start anywhere in a cache line, and states are written by blocks.
@pytest.mark.parametrize("step_count", [1, 6, 7, 8, 62, 63, 64, 65, 71, 127, 128, 200, 255])
def test_a_shorter_run_is_the_beginning_of_a_longer_one(family, every_step, step_count):
    shorter = simulate(*family, step_count=step_count)
    for name in VARIABLES:
        np.testing.assert_array_equal(shorter[name], every_step[name][: step_count + 1])


@pytest.mark.parametrize("save_every", [2, 3, 100, STEP_COUNT])
def test_a_sparser_record_is_a_part_of_the_full_one(family, every_step, save_every):
    sparser = simulate(*family, save_every=save_every)
    for name in VARIABLES:
        np.testing.assert_array_equal(sparser[name], every_step[name][::save_every])


def test_reactions_are_recorded_every_step_as_the_dense_baseline_does():
    runs = [simulate("mill", 8, backend=backend, record=["reaction"]) for backend in ("rust", "numpy")]
    np.testing.assert_allclose(runs[0]["reaction"], runs[1]["reaction"], rtol=1e-6, atol=1e-6)


def test_members_are_recorded_as_if_alone_and_on_any_number_of_threads():
    assembly = ms.benchmark_assembly("rig", 8)
    inertia = np.linspace(0.8, 1.2, 19)
    step_count = 700  # three batches, which take turns on two threads
    one, two = (
        simulate_ensemble(
            assembly,
            {f"{assembly.bodies[0].name}.inertia": inertia},
            duration=step_count * 1e-3,
            dt=1e-3,
            threads=threads,
        )
        for threads in (1, 2)
    )
    xr.testing.assert_equal(one[list(VARIABLES)], two[list(VARIABLES)])
    for member in (0, 9, 18):
        alone = simulate_ensemble(
            assembly,
            {f"{assembly.bodies[0].name}.inertia": inertia[[member]]},
            duration=step_count * 1e-3,
            dt=1e-3,
        )
        for name in VARIABLES:
            np.testing.assert_allclose(
                one[name].isel(member=member), alone[name].isel(member=0), rtol=1e-9, atol=1e-9
            )
