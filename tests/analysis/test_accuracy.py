"""The accuracy table of single runs, ensembles and stored cases."""

import numpy as np
import pandas as pd
import pytest

import molenspin as ms
from molenspin.analysis import case_errors, refined_reference
from molenspin.analysis.accuracy import accuracy_table


def test_row_of_a_single_run(tmp_path):
    dataset = ms.benchmark_assembly("rig", 4).simulate(
        duration=0.1, dt=2e-3, integrator="verlet", backend="numpy", save_every=10
    )
    (row,) = accuracy_table(dataset, cache=tmp_path).to_dict("records")
    assert (row["assembly"], row["body_count"], row["integrator"], row["status"]) == (
        "rig4",
        4,
        "verlet",
        "ok",
    )
    assert 1e-7 < row["angle_rms"] < row["angle_max"] < 1e-4
    assert row["angle_uncertainty"] < 1e-12
    assert row["energy_imbalance"] < 1e-2
    assert np.isnan(row["energy_drift"])
    assert row["force_evaluations"] == dataset.attrs["force_evaluations"]


def test_each_parameter_point_has_its_reference_and_a_failed_member_has_none():
    dataset = ms.benchmark_assembly("rig", 4).simulate_ensemble(
        {"rotor0.inertia": [1.0, 2.0, 1.0, 3.0], "bearing_rotor0.axial_stiffness": [4e4, 4e4, 4e12, 4e4]},
        duration=0.1,
        dt=2e-3,
        backend="numpy",
        save_every=10,
    )
    table = accuracy_table(dataset.chunk(member=1))
    assert list(table["status"]) == ["ok", "ok", "diverged", "ok"]
    assert "rotor0 ran away" in table.loc[2, "message"]
    finished = table.loc[[0, 1, 3]]
    assert (finished["angle_uncertainty"] < 0.01 * finished["angle_max"]).all()
    assert (finished["angle_max"] < 1e-7).all()
    assert np.isnan(table.loc[2, "angle_max"])
    assert table.loc[2, "reference"] == "none: the case did not finish"
    assert finished["energy_imbalance"].notna().all()


def test_blocks_of_references_change_nothing_but_memory(monkeypatch):
    dataset = ms.benchmark_assembly("train", 4).simulate_ensemble(
        {"gear1.inertia": np.linspace(1, 2, 50)}, duration=0.02, dt=2e-3, save_every=5
    )
    whole = accuracy_table(dataset)
    monkeypatch.setattr(case_errors, "BLOCK_BYTES", 4096)
    pd.testing.assert_frame_equal(accuracy_table(dataset), whole)
    assert whole["angle_max"].nunique() == 50


def test_without_a_reference_the_table_says_why(monkeypatch):
    monkeypatch.setattr(refined_reference, "BODY_STEP_LIMIT", 10)
    dataset = ms.benchmark_assembly("train", 4).simulate_ensemble(
        {"gear1.inertia": [1.0, 2.0]}, duration=0.02, dt=2e-3, save_every=5
    )
    table = accuracy_table(dataset)
    assert table["angle_max"].isna().all()
    assert table["reference"].str.contains("none: .* simulate a shorter time").all()


def test_drift_of_a_conservative_assembly_stands_in_the_table():
    dataset = ms.benchmark_assembly("shafting", 4).simulate(
        duration=0.1, dt=2e-3, integrator="verlet", backend="numpy", save_every=10
    )
    assert float(accuracy_table(dataset)["energy_drift"].item()) == pytest.approx(1e-3, rel=0.9)
