"""Reference solutions against trajectories computed independently, and the cache."""

import json

import numpy as np
import pytest
from catalogue import REFERENCE

import molenspin as ms
from molenspin.analysis import adaptive_reference, reference, refined_reference
from molenspin.analysis.norms import error_norms, error_over_time
from molenspin.analysis.reference import reference_ensemble, reference_solution

VARIABLES = ("angle", "displacement", "angular_velocity", "velocity")
TIMES = [0.0, 0.1, 0.2]


@pytest.mark.parametrize("name", ["mill4", "train8", "zoo-b"])
def test_agrees_with_an_independent_solution(name):
    states = [
        state
        for state in json.loads((REFERENCE / f"{name}.json").read_text())["states"]
        if state["time"] <= 1
    ]
    solution = reference_solution(
        ms.load_assembly(REFERENCE / f"{name}.yaml"), [state["time"] for state in states]
    )
    for variable in VARIABLES:
        difference = solution[variable].to_numpy() - [state[variable] for state in states]
        assert np.abs(difference).max() < 1e-9
        assert solution[variable].attrs["uncertainty"] < 1e-9


def test_uncertainty_tells_a_rough_problem_from_a_smooth_one():
    rough = ms.load_assembly(REFERENCE / "zoo-a.yaml")  # backlash: the force has a kink
    smooth = ms.load_assembly(REFERENCE / "mill4.yaml")
    bounds = [reference_solution(item, TIMES)["angle"].attrs["uncertainty"] for item in (rough, smooth)]
    assert 1e-15 < bounds[1] < bounds[0] < 1e-8


@pytest.fixture
def nothing_affordable(monkeypatch):
    """Every assembly is too costly for the adaptive method."""
    monkeypatch.setattr(adaptive_reference, "EVALUATION_LIMIT", 0)


@pytest.mark.parametrize("step", [5e-3, 1e-3, None])
@pytest.mark.parametrize("name", ["mill4", "train8", "zoo-a", "zoo-b"])
def test_uncertainty_of_the_refined_solution_covers_its_error(name, step, monkeypatch):
    assembly, times = ms.load_assembly(REFERENCE / f"{name}.yaml"), np.arange(11) * 0.05
    with monkeypatch.context() as patch:
        patch.setattr(adaptive_reference, "EVALUATION_LIMIT", 0)
        refined = reference_solution(assembly, times, step=step)
    adaptive = reference_solution(assembly, times)
    assert "rk4 at halved steps" in refined.attrs["method"]
    assert "order 8" in adaptive.attrs["method"]
    for variable in VARIABLES:
        known_to = [solution[variable].attrs["uncertainty"] for solution in (refined, adaptive)]
        assert np.abs(refined[variable] - adaptive[variable]).max() <= sum(known_to)


@pytest.mark.usefixtures("nothing_affordable")
def test_refined_uncertainty_is_below_the_error_of_the_finest_case():
    step, times = 2e-3, np.arange(11) * 0.05
    for name, share in (("mill4", 0.01), ("zoo-b", 0.01), ("zoo-a", 0.5)):  # zoo-a: backlash
        assembly = ms.load_assembly(REFERENCE / f"{name}.yaml")
        run = assembly.simulate(duration=0.5, dt=step, save_every=25)
        solution = reference_solution(assembly, times, step=step)
        error = float(error_norms(run, solution)["angle"].sel(norm="max"))
        assert solution["angle"].attrs["uncertainty"] < share * error


@pytest.mark.usefixtures("nothing_affordable")
def test_many_points_are_solved_as_one_by_one():
    assembly, inertia = ms.benchmark_assembly("mill", 4), [2.0, 3.0]
    many = reference_ensemble(assembly, {"nut0.inertia": inertia}, TIMES, step=1e-3)
    for point, value in enumerate(inertia):
        single = reference_solution(assembly.replacing({"nut0": {"inertia": value}}), TIMES, step=1e-3)
        np.testing.assert_allclose(many["angle"].isel(point=point), single["angle"], atol=1e-13)
        assert float(many["angle_uncertainty"][point]) < 1e-10


def test_a_point_that_cannot_run_says_why_and_leaves_the_others():
    assembly = ms.benchmark_assembly("rig", 4)
    stiffness = {"bearing_rotor0.axial_stiffness": [4e4, 4e16]}
    many = reference_ensemble(assembly, stiffness, TIMES, step=1e-3)
    assert list(many["message"].values[:1]) == [""]
    assert "rotor0 ran away" in str(many["message"].values[1])
    assert np.isfinite(many["angle"][0]).all()
    assert np.isnan(many["angle"][1]).all()


def test_is_computed_once_and_by_content(tmp_path, monkeypatch):
    assembly = ms.benchmark_assembly("train", 4)
    first = reference_solution(assembly, TIMES, cache=tmp_path)
    solve = reference.adaptive_solution
    monkeypatch.setattr(reference, "adaptive_solution", None)
    assert reference_solution(assembly, TIMES, cache=tmp_path).identical(first)
    with pytest.raises(TypeError):
        reference_solution(assembly.replacing({"gear0": {"inertia": 2.0}}), TIMES, cache=tmp_path)
    monkeypatch.setattr(reference, "adaptive_solution", solve)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(b"damaged")
    assert reference_solution(assembly, TIMES, cache=tmp_path).identical(first)


@pytest.mark.usefixtures("nothing_affordable")
def test_gives_up_on_what_takes_too_long(monkeypatch):
    monkeypatch.setattr(refined_reference, "BODY_STEP_LIMIT", 300)
    with pytest.raises(ms.MolenspinError, match="shorter time"):
        reference_solution(ms.benchmark_assembly("rig", 4), TIMES)


@pytest.mark.usefixtures("nothing_affordable")
def test_uneven_times_need_the_adaptive_method():
    with pytest.raises(ms.InvalidValueError, match="evenly"):
        reference_solution(ms.benchmark_assembly("rig", 4), [0.0, 0.1, 0.3])


@pytest.mark.parametrize("times", [[0.0], [0.1, 0.2], [0.0, 0.2, 0.1]])
def test_refuses_times_that_are_no_output_grid(times):
    with pytest.raises(ms.InvalidValueError, match="ascending"):
        reference_solution(ms.benchmark_assembly("rig", 4), times)


def test_norms_of_a_known_difference():
    solution = reference_solution(ms.benchmark_assembly("train", 4), TIMES)
    shifted = solution.copy(deep=True)
    shifted["angle"][1, 2] += 4e-3
    shifted["angle"][2, 0] -= 3e-3
    norms = error_norms(shifted, solution)
    assert norms["angle"].sel(norm=["max", "end"]).values == pytest.approx([4e-3, 3e-3])
    assert float(norms["angle"].sel(norm="rms")) == pytest.approx(5e-3 / np.sqrt(3 * 4))
    assert float(norms["velocity"].max()) == 0.0
    np.testing.assert_allclose(error_over_time(shifted, solution)["angle"], [0, 4e-3, 3e-3])
    with pytest.raises(ms.InvalidValueError, match="times"):
        error_norms(shifted.assign_coords(time=[0.0, 0.1, 0.3]), solution)
