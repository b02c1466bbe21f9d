"""The shafting family: closed-form frequencies, conserved energy."""

import numpy as np
import pytest

import molenspin as ms
from molenspin.assembly.modes import natural_frequencies

BODY_COUNT = 6


def closed_form(body_count: int) -> np.ndarray:
    return np.sqrt(2000.0) / np.pi * np.sin(np.arange(body_count) * np.pi / (2 * body_count))


def test_linear_modes_are_the_closed_form():
    computed = natural_frequencies(ms.benchmark_assembly("shafting", BODY_COUNT).compile())
    axial = np.full(BODY_COUNT, np.sqrt(4e4 / 10) / (2 * np.pi))
    np.testing.assert_allclose(computed, np.sort([*closed_form(BODY_COUNT), *axial]), rtol=1e-9, atol=1e-6)


def test_trajectory_holds_the_closed_form_frequencies(backend):
    """The first disc's speed is a sum of the modes' cosines: a fit on them leaves no residual."""
    run = ms.benchmark_assembly("shafting", BODY_COUNT).simulate(
        duration=1.0, dt=5e-4, backend=backend, save_every=10
    )
    time = run["time"].to_numpy()
    cosines = np.cos(2 * np.pi * closed_form(BODY_COUNT) * time[:, None])
    speed = run["angular_velocity"].isel(body=0).to_numpy()
    amplitudes, *_ = np.linalg.lstsq(cosines, speed, rcond=None)
    np.testing.assert_allclose(cosines @ amplitudes, speed, atol=1e-6)
    assert np.all(amplitudes > 0.01)


def energy(run) -> np.ndarray:
    kinetic = 0.5 * (run["angular_velocity"] ** 2).sum("body")
    twist = run["angle"].diff("body")
    return (kinetic + 0.5 * 2000.0 * (twist**2).sum("body")).to_numpy()


@pytest.mark.parametrize(("backend_name", "step_count"), [("rust", 100_000), ("numpy", 5_000)])
def test_verlet_keeps_the_energy(backend_name, step_count):
    run = ms.benchmark_assembly("shafting", BODY_COUNT).simulate(
        duration=step_count * 1e-3, dt=1e-3, integrator="verlet", backend=backend_name, save_every=50
    )
    drift = energy(run) / 0.5 - 1.0
    early, late = np.abs(drift[: len(drift) // 5]).max(), np.abs(drift[-len(drift) // 5 :]).max()
    assert late < 2e-3
    assert late < 2.0 * early  # bounded: a linear growth would give 9


def test_euler_damps_or_feeds_more_than_verlet_does(backend):
    drift = {}
    for integrator in ("euler", "verlet"):
        run = ms.benchmark_assembly("shafting", BODY_COUNT).simulate(
            duration=1.0, dt=1e-3, integrator=integrator, backend=backend, save_every=10
        )
        drift[integrator] = np.abs(energy(run) / 0.5 - 1.0).max()
    assert drift["verlet"] < 0.1 * drift["euler"]
