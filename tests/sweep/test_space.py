import numpy as np
import pytest

from molenspin.config import Space
from molenspin.errors import InvalidValueError
from molenspin.sweep.space import space_points

AXES = {"a.x": {"low": 1, "high": 2}, "a.y": {"low": 0.01, "high": 100, "scale": "log"}}


def points(**space):
    return {axis: values.tolist() for axis, values in space_points(Space.model_validate(space)).items()}


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


@pytest.mark.parametrize("sampler", ["random", "sobol"])
def test_more_samples_begin_with_the_old_ones(sampler):
    few = points(**{sampler: {"count": 10, "axes": AXES}})["a.x"]
    assert points(**{sampler: {"count": 25, "axes": AXES}})["a.x"][:10] == few


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"product": [{"grid": {"a.x": [1]}}, {"grid": {"a.x": [2]}}]}, "axis a.x is given twice"),
        ({"concat": [{"grid": {"a.x": [1]}}, {"grid": {"a.y": [2]}}]}, "joined spaces need the same axes"),
        ({"grid": {f"a.x{i}": list(range(100)) for i in range(5)}}, "points, more than"),
    ],
)
def test_spaces_that_cannot_be(space, message):
    with pytest.raises(InvalidValueError, match=message):
        points(**space)
