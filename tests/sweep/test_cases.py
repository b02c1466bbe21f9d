"""Cases against known answers: steps and states of a grid, rows of a space, identities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from molenspin.assembly.families import benchmark_assembly
from molenspin.assembly.yaml_format import save_assembly
from molenspin.config import config_from_mapping
from molenspin.config.models import Simulation
from molenspin.errors import InvalidValueError
from molenspin.sweep import cases
from molenspin.sweep.cases import expand, sample_count, steps_per_sample

WIND, INERTIA = "sail_spur0.wind_speed", "spur0.inertia"


def series_of(*blocks, **sections):
    mill = {"assemblies": [{"family": "mill", "sizes": [4]}], "integrators": ["rk4"], "backends": ["rust"]}
    return expand(config_from_mapping({"sweep": [mill | block for block in blocks], **sections}))


def rows(series):
    return {(item.dt, item.integrator.value, item.backend): item.parameters.tolist() for item in series}


def identities(*blocks):
    return [int(value) for item in series_of(*blocks) for value in item.identities]


@settings(max_examples=30)
@given(st.integers(1, 10**6), st.floats(1e-6, 1e3))
def test_steps_and_states_are_counted_from_the_grid(count, dt):
    assert steps_per_sample(dt, Simulation(save_interval=count * dt)) == count
    assert sample_count(Simulation(duration=count * dt, save_interval=dt)) == count + 1


@pytest.mark.parametrize(("off", "fits"), [(0.0, True), (0.9e-9, True), (-0.9e-9, True), (1.1e-9, False)])
def test_a_step_may_miss_the_save_interval_by_rounding_only(off, fits):
    simulation, dt = Simulation(save_interval=3.0), 1.0 + off
    if fits:
        assert steps_per_sample(dt, simulation) == 3
    else:
        with pytest.raises(
            InvalidValueError, match=r"dt 1 s does not divide the save interval \(1 s in 3 s\)"
        ):
            steps_per_sample(dt, simulation)


@pytest.mark.parametrize("dt", [1.5, 1.99, 2.0, 3.0])
def test_a_step_is_no_longer_than_the_save_interval(dt):
    with pytest.raises(InvalidValueError, match="does not divide the save interval"):
        steps_per_sample(dt, Simulation(save_interval=1.0))


def test_the_largest_number_of_steps_is_allowed_and_no_more():
    most = cases.LARGEST_RATIO
    assert steps_per_sample(1.0, Simulation(save_interval=most)) == most
    with pytest.raises(InvalidValueError, match=r"more than 1e\+09 steps"):
        steps_per_sample(1.0, Simulation(save_interval=most + 1))


def test_points_with_settings_keep_their_own_parameters():
    zipped = {"dt": [0.002, 0.001, 0.002], INERTIA: [2.0, 3.0, 4.0], WIND: [7.0, 6.0, 5.0]}
    assert rows(series_of({"space": {"zip": zipped}})) == {
        (0.001, "rk4", "rust"): [[6.0, 3.0]],
        (0.002, "rk4", "rust"): [[7.0, 2.0], [5.0, 4.0]],
    }


@pytest.mark.parametrize(
    ("axis", "values", "message"),
    [
        ("dt", [0.0, 0.002], "dt 0.0 is not allowed"),
        ("dt", [-0.002], "dt -0.002 is not allowed"),
        ("dt", ["short"], "dt 'short' is not allowed"),
        ("integrator", ["rk5"], "integrator 'rk5' is not known.*rk4"),
        ("integrator", [4.0], "integrator 4.0 is not known"),
    ],
)
def test_settings_in_a_space_are_checked_like_others(axis, values, message):
    block = {"assemblies": [{"family": "mill", "sizes": [4]}], "space": {"grid": {axis: values}}}
    with pytest.raises(InvalidValueError, match=rf"sweep\[0\]\.space: {message}"):
        expand(config_from_mapping({"sweep": [block]}))


def test_a_case_is_kept_once_within_a_space_and_over_three_blocks():
    def block(*values):
        return {"dt": [0.002], "space": {"grid": {WIND: values}}}

    found = series_of(block(5, 6, 5), block(6), block(7, 6, 5))
    assert [item.parameters.ravel().tolist() for item in found] == [[5.0, 6.0], [7.0]]


@settings(max_examples=15)
@given(st.lists(st.tuples(st.floats(0.1, 9), st.floats(1, 9)), min_size=2, max_size=4, unique=True))
def test_an_identity_depends_on_its_own_row_only(points):
    inertia, wind = (list(values) for values in zip(*points, strict=True))
    together = identities({"dt": [0.002], "space": {"zip": {WIND: wind, INERTIA: inertia}}})
    assert len(set(together)) == len(points)
    for (one, other), identity in zip(points, together, strict=True):
        assert identities({"dt": [0.002], "space": {"zip": {INERTIA: [one], WIND: [other]}}}) == [identity]


def test_the_two_zeros_are_one_value_and_no_other_is():
    def identity(value):
        return identities({"dt": [0.002], "space": {"grid": {WIND: [value]}}})

    assert identity(0.0) == identity(-0.0) != identity(1e-300)


@pytest.mark.parametrize(
    "change",
    [
        {"dt": [0.001]},
        {"integrators": ["verlet"]},
        {"backends": ["numpy"]},
        {"assemblies": [{"family": "mill", "sizes": [8]}]},
    ],
)
def test_an_identity_follows_everything_that_is_asked(change):
    assert identities({"dt": [0.002]}) != identities({"dt": [0.002]} | change)


@pytest.mark.parametrize(
    ("file", "name"), [("my mill (2).yaml", "my-mill-2"), ("---.yaml", "assembly"), ("a_b-C.yml", "a_b-C")]
)
def test_a_file_gives_its_assembly_a_name_that_any_store_takes(tmp_path, file, name):
    save_assembly(benchmark_assembly("mill", 4), tmp_path / file)
    (series,) = series_of({"dt": [0.002], "assemblies": [{"files": [str(tmp_path / file)]}]})
    assert (series.source.name, series.source.family, series.source.body_count) == (name, "", 4)
    assert series.identities.tolist() == identities({"dt": [0.002]})


def test_conditions_see_every_name():
    text = (
        f"dt == 0.002 and integrator == 'rk4' and backend == 'rust' and assembly == 'mill-4' and {WIND} > 5"
    )
    block = {"dt": [0.002, 0.001], "space": {"zip": {INERTIA: [9.0, 1.0], WIND: [5.0, 6.0]}}}
    found = series_of(block | {"where": f"{text} and family == 'mill' and size == 4"})
    assert rows(found) == {(0.002, "rk4", "rust"): [[6.0, 1.0]]}
    assert np.array_equal(found[0].identities, series_of(block)[0].identities[1:])
