import numpy as np
import pytest

from molenspin.config import Space
from molenspin.errors import InvalidValueError
from molenspin.sweep import space
from molenspin.sweep.space import space_points

AXES = {"a.x": {"low": 1, "high": 2}, "a.y": {"low": 0.01, "high": 100, "scale": "log"}}


def points(**given):
    return {axis: values.tolist() for axis, values in space_points(Space.model_validate(given)).items()}


def test_grid_is_every_combination():
    assert points(grid={"a.x": [1, 2], "a.y": [5, 6, 7]}) == {
        "a.x": [1, 1, 1, 2, 2, 2],
        "a.y": [5, 6, 7, 5, 6, 7],
    }


def test_zip_pairs():
    assert points(zip={"a.x": [1, 2], "a.y": [5, 6]}) == {"a.x": [1, 2], "a.y": [5, 6]}


def test_concat_joins_and_product_combines():
    both = points(
        product=[{"concat": [{"grid": {"a.x": [1]}}, {"grid": {"a.x": [3]}}]}, {"zip": {"a.y": [8, 9]}}]
    )
    assert both == {"a.x": [1, 1, 3, 3], "a.y": [8, 9, 8, 9]}


@pytest.mark.parametrize("sampler", ["random", "latin_hypercube", "sobol"])
def test_samples_are_in_range_and_repeat_with_the_seed(sampler):
    def drawn(seed):
        return space_points(Space.model_validate({sampler: {"count": 100, "seed": seed, "axes": AXES}}))

    first = drawn(1)
    assert first["a.x"].min() >= 1
    assert first["a.x"].max() <= 2
    # Half of a log axis lies below its geometric middle.
    assert 35 <= np.count_nonzero(first["a.y"] < 1) <= 65
    np.testing.assert_array_equal(first["a.y"], drawn(1)["a.y"])
    assert not np.array_equal(first["a.y"], drawn(2)["a.y"])


def test_a_latin_hypercube_has_one_point_in_each_row():
    values = np.array(points(latin_hypercube={"count": 16, "axes": {"a.x": {"low": 0, "high": 16}}})["a.x"])
    assert sorted(values.astype(int)) == list(range(16))


@pytest.mark.parametrize("sampler", ["random", "latin_hypercube", "sobol"])
def test_axes_stretch_the_unit_cube(sampler):
    def drawn(low, high, scale):
        unit, axis = {"low": 0, "high": 1}, {"low": low, "high": high, "scale": scale}
        found = points(**{sampler: {"count": 8, "axes": {"a.u": unit, "a.x": axis}}})
        return np.array(found["a.u"]), np.array(found["a.x"])

    other, unit = drawn(0, 1, "linear")
    np.testing.assert_array_equal(drawn(-2, 6, "linear"), [other, -2 + 8 * unit])
    np.testing.assert_allclose(drawn(3, 48, "log"), [other, 3 * 16**unit], rtol=1e-14)
    assert not np.array_equal(other, unit)


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_more_samples_begin_with_the_old_ones(sampler):
    few = points(**{sampler: {"count": 10, "axes": AXES}})["a.x"]
    assert points(**{sampler: {"count": 25, "axes": AXES}})["a.x"][:10] == few


@pytest.mark.parametrize("sampler", ["random", "latin_hypercube", "sobol"])
@pytest.mark.parametrize("count", [1, 2, 3, 16, 17])
def test_there_are_as_many_samples_as_asked_for(sampler, count):
    assert len(points(**{sampler: {"count": count, "axes": AXES}})["a.x"]) == count


def test_a_concatenation_may_have_one_part():
    assert points(concat=[{"grid": {"a.x": [1, 2]}}]) == {"a.x": [1, 2]}


def test_the_largest_space_is_allowed_and_no_larger_one(monkeypatch):
    monkeypatch.setattr(space, "LARGEST_SPACE", 6)
    assert len(points(grid={"a.x": [1, 2], "a.y": [1, 2, 3]})["a.x"]) == 6
    with pytest.raises(InvalidValueError, match=r"space\.grid: 7 points, more than 6"):
        points(grid={"a.x": list(range(7))})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"product": [{"grid": {"a.x": [1]}}, {"grid": {"a.x": [2]}}]}, "axis a.x is given twice"),
        ({"concat": [{"grid": {"a.x": [1]}}, {"grid": {"a.y": [2]}}]}, "joined spaces need the same axes"),
        (
            {"concat": [{"grid": {"a.x": [1]}}] * 2 + [{"zip": {"a.y": [1]}}]},
            r"concat\[2\].* a.x, a.y differs",
        ),
        ({"grid": {f"a.x{i}": list(range(100)) for i in range(5)}}, "points, more than"),
    ],
)
def test_spaces_that_cannot_be(given, message):
    with pytest.raises(InvalidValueError, match=message):
        points(**given)
