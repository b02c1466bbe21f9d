"""Reference solutions against trajectories computed independently, and the cache."""

import json

import numpy as np
import pytest
from catalogue import REFERENCE

import molenspin as ms
from molenspin.analysis import reference
from molenspin.analysis.norms import error_norms, error_over_time
from molenspin.analysis.reference import reference_solution

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


def test_is_computed_once_and_by_content(tmp_path, monkeypatch):
    assembly = ms.benchmark_assembly("train", 4)
    first = reference_solution(assembly, TIMES, cache=tmp_path)
    solve = reference._solve
    monkeypatch.setattr(reference, "_solve", None)
    assert reference_solution(assembly, TIMES, cache=tmp_path).identical(first)
    with pytest.raises(TypeError):
        reference_solution(assembly.replacing({"gear0": {"inertia": 2.0}}), TIMES, cache=tmp_path)
    monkeypatch.setattr(reference, "_solve", solve)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(b"damaged")
    assert reference_solution(assembly, TIMES, cache=tmp_path).identical(first)


def test_gives_up_on_what_is_too_stiff(monkeypatch):
    monkeypatch.setattr(reference, "EVALUATION_LIMIT", 300)
    with pytest.raises(ms.MolenspinError, match="too stiff"):
        reference_solution(ms.benchmark_assembly("rig", 4), TIMES)


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
