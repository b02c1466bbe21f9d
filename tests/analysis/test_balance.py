"""Energy, power balance and constraint violation: against closed forms, and closing on every element."""

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from catalogue import REFERENCE

import molenspin as ms
from molenspin.analysis import balance
from molenspin.analysis.balance import (
    constraint_violation,
    energy,
    energy_drift,
    power_balance,
    relative_imbalance,
)
from molenspin.analysis.energy import potential_energy


def oscillator():
    assembly = ms.Assembly("oscillator", gravity=9.81)
    assembly.add_body("weight", inertia=2.0, mass=3.0, displacement=0.1, angular_velocity=1.0)
    assembly.add(ms.Bearing("weight", axial_stiffness=300.0), ms.Unbalance("weight", 4.0, angle=0.5))
    return assembly


def test_energy_of_a_known_state():
    dataset = oscillator().simulate(duration=0.01, dt=0.01, backend="numpy")
    start = energy(dataset).isel(time=0)
    assert float(start["kinetic"]) == pytest.approx(0.5 * 2.0 * 1.0)
    spring, weight, unbalance = 0.5 * 300 * 0.01, 3.0 * 9.81 * 0.1, 4.0 * (1 - np.cos(0.5))
    assert float(start["potential"]) == pytest.approx(spring + weight + unbalance)


def test_drift_is_defined_only_where_energy_is_conserved():
    dataset = oscillator().simulate(duration=1.0, dt=1e-3, backend="numpy")
    assert 0 < float(energy_drift(dataset)) < 1e-9
    mill = ms.benchmark_assembly("mill", 4).simulate(duration=0.01, dt=1e-3, backend="numpy")
    assert energy_drift(mill) is None


def drop(displacement=0.0):
    assembly = ms.Assembly("drop", gravity=9.81)
    assembly.add_body("weight", inertia=1.0, mass=1.0, displacement=displacement)
    assembly.add(ms.Bearing("weight", axial_stiffness=100.0))
    return assembly


def test_a_perfect_drop_from_rest_has_no_drift_whatever_the_zero_of_its_potential_energy(monkeypatch):
    dataset = drop().simulate(duration=1.0, dt=1e-3, backend="numpy")
    drift, imbalance = energy_drift(dataset), relative_imbalance(dataset)["imbalance"]
    assert 0 < float(drift) < 1e-10
    assert 0 < float(imbalance) < 1e-10
    raised = potential_energy  # as if q = 0 were far above
    monkeypatch.setattr(balance, "potential_energy", lambda *arguments: raised(*arguments) + 50.0)
    assert float(energy_drift(dataset)) == pytest.approx(float(drift), rel=0.1)
    assert float(relative_imbalance(dataset)["imbalance"]) == pytest.approx(float(imbalance), rel=0.1)


def test_drift_is_a_share_of_the_energy_that_moved():
    dataset = drop().simulate(duration=1.0, dt=1e-3, backend="numpy")
    moved = float(energy(dataset)["kinetic"].max())
    dataset["velocity"].loc[{"time": 1.0}] = np.sqrt(dataset["velocity"].sel(time=1.0) ** 2 + 0.02 * moved)
    assert float(energy_drift(dataset)) == pytest.approx(0.01, rel=0.05)


def test_where_nothing_moves_there_is_no_share():
    resting = drop(displacement=-9.81 / 100).simulate(duration=0.1, dt=1e-3, backend="numpy")
    assert np.isnan(energy_drift(resting))
    assert np.isnan(relative_imbalance(resting)["imbalance"])


@pytest.mark.parametrize(
    ("name", "tolerance"), [("mill4", 1e-9), ("train8", 1e-9), ("zoo-b", 1e-8), ("zoo-a", 1e-3)]
)
def test_balance_closes_on_every_element(name, tolerance):
    assembly = ms.load_assembly(REFERENCE / f"{name}.yaml")
    dataset = assembly.simulate(duration=0.5, dt=1e-3, backend="numpy", record=("reaction",))
    assert float(relative_imbalance(dataset)["imbalance"]) < tolerance


def test_a_wrong_trajectory_does_not_close():
    dataset = ms.benchmark_assembly("train", 4).simulate(duration=0.5, dt=1e-3, backend="numpy")
    dataset["angular_velocity"] *= 1.001
    shares = relative_imbalance(dataset)
    assert float(shares["imbalance"]) > 1e-4 > float(shares["quadrature_error"])


def test_quadrature_error_tells_when_samples_are_too_rare():
    dataset = ms.benchmark_assembly("rig", 4).simulate(duration=1.0, dt=1e-3, backend="numpy")
    rare, dense = relative_imbalance(dataset.isel(time=slice(None, None, 50))), relative_imbalance(dataset)
    assert float(rare["imbalance"]) > 100 * float(dense["imbalance"])
    assert float(rare["quadrature_error"]) > 0.1 * float(rare["imbalance"])


def test_work_of_a_drive_needs_its_reaction():
    assembly = ms.Assembly("driven")
    assembly.add_body("crank", inertia=1.0, mass=1.0)
    assembly.add(ms.Drive("crank", 3.0), ms.Load("crank", viscous=2.0))
    recorded = assembly.simulate(duration=0.5, dt=0.01, backend="numpy", record=("reaction",))
    assert float(power_balance(recorded)["energy_in"][-1]) == pytest.approx(2.0 * 3.0**2 * 0.5)
    with pytest.raises(ms.MolenspinError, match="record="):
        power_balance(recorded.drop_vars("reaction"))


def test_members_lazy_or_not_equal_single_runs():
    assembly = ms.benchmark_assembly("mill", 8)
    winds, inertias = [5.0, 9.0, 12.0], [1.0, 2.0, 3.0]
    varied = {"sail_spur0.wind_speed": winds, "quant0.inertia": inertias}
    ensemble = assembly.simulate_ensemble(varied, duration=0.1, dt=2e-3, backend="numpy", save_every=5)
    last = {"sail_spur0": {"wind_speed": 12.0}, "quant0": {"inertia": 3.0}}
    single = assembly.replacing(last).simulate(duration=0.1, dt=2e-3, backend="numpy", save_every=5)
    lazy = ensemble.chunk(member=2, time=4).molenspin.power_balance()
    assert lazy["imbalance"].chunks
    xr.testing.assert_allclose(lazy.compute(), power_balance(ensemble))
    xr.testing.assert_allclose(
        lazy.isel(member=2).drop_vars([*varied, "member"]).compute(), power_balance(single)
    )
    violation = ensemble.chunk(member=1).molenspin.constraint_violation()
    assert violation.dims == ("member", "time", "constraint")
    assert float(violation.max()) < 1e-10


def test_a_failed_member_is_nan_and_the_others_are_not():
    assembly = ms.benchmark_assembly("rig", 4)
    ensemble = assembly.simulate_ensemble(
        {"bearing_rotor0.axial_stiffness": [4e4, 4e12]}, duration=0.2, dt=1e-2, backend="numpy"
    )
    total = energy(ensemble)["total"].isel(time=-1)
    assert np.isfinite(total).values.tolist() == [True, False]


def test_violation_names_the_constraint_that_is_violated():
    dataset = ms.benchmark_assembly("mill", 8).simulate(duration=0.1, dt=1e-2, backend="numpy")
    dataset["displacement"].loc[{"body": "saw1"}] += 1e-3
    worst = constraint_violation(dataset).max("time")
    assert float(worst.sel(constraint="slider_crank_quant1_saw1")) == pytest.approx(1e-3)
    assert float(worst.drop_sel(constraint="slider_crank_quant1_saw1").max()) < 1e-10


@pytest.mark.parametrize("order", ["import molenspin, xarray", "import xarray, molenspin"])
def test_accessor_is_registered_in_either_order_of_imports(order):
    subprocess.run([sys.executable, "-c", f"{order}; xarray.Dataset().molenspin"], check=True)


def test_plot_shows_a_member():
    ensemble = ms.benchmark_assembly("train", 4).simulate_ensemble(
        {"gear0.inertia": [1.0, 2.0]}, duration=0.1, dt=1e-2, backend="numpy"
    )
    speeds = ensemble.molenspin.plot(member=1).axes[0].lines[0].get_ydata()
    np.testing.assert_array_equal(speeds, ensemble["angular_velocity"].isel(member=1, body=0))
