"""What per-case arrays hold: chunks, origins, rounded values, against known answers."""

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from molenspin.store import chunks
from molenspin.store.chunks import read_chunks, written_chunks
from molenspin.store.origins import fingerprints, machines, origin_of
from molenspin.store.rounding import round_to_relative_error


def array_with(written, *, chunk=2, count=12):
    """An array of chunks that hold ten times their number, one more in each slot; the rest is not written."""
    array = zarr.create_array(
        {}, name="x", shape=(chunk * count,), chunks=(chunk,), dtype="i4", fill_value=-1
    )
    for number in written:
        array[chunk * number : chunk * (number + 1)] = 10 * (number % 3) + 1 + np.arange(chunk)
    return array


def test_written_chunks_are_listed_in_the_order_of_their_numbers():
    assert written_chunks(array_with([10, 9, 0, 2])) == [0, 2, 9, 10]
    assert written_chunks(array_with([])) == []


def test_chunks_come_in_the_order_asked_for_whatever_is_read_at_once(monkeypatch):
    monkeypatch.setattr(chunks, "READ_AT_ONCE", 2)
    array = array_with([0, 1, 3, 4, 6])
    found = [values.tolist() for values in read_chunks(array, [4, 0, 2, 3, 6, 1, 5])]
    assert found == [[11, 12], [1, 2], [-1, -1], [1, 2], [1, 2], [11, 12], [-1, -1]]


def test_chunks_of_the_same_bytes_are_parsed_once():
    def parse(values):
        parsed.append(values.tolist())
        return 2 * values

    parsed = []
    found = [values.tolist() for values in read_chunks(array_with([0, 1, 3]), [0, 3, 2, 1, 5, 0], parse)]
    assert parsed == [[1, 2], [-1, -1], [11, 12]]
    assert found == [[2, 4], [2, 4], [-2, -2], [22, 24], [-2, -2], [2, 4]]


@given(st.integers(0, 2**64 - 1), st.text(max_size=5))
def test_an_origin_gives_back_its_parts(fingerprint, machine):
    origins = np.array([[origin_of(fingerprint, machine)]], dtype=np.dtypes.StringDType())
    assert fingerprints(origins).tolist() == [[fingerprint]]
    assert machines(origins).tolist() == [[machine]]


def test_an_origin_is_sixteen_digits_and_a_machine():
    assert origin_of(0x1F, "mill 2") == "000000000000001f mill 2"
    none = np.array(["", "000000000000001f mill 2", ""], dtype=np.dtypes.StringDType())
    assert fingerprints(none).tolist() == [0, 0x1F, 0]
    assert machines(none).tolist() == ["", "mill 2", ""]
    with pytest.raises(ValueError, match="hex"):
        fingerprints(np.array(["no origin at all"], dtype=np.dtypes.StringDType()))


ONE_BIT, ALL_BUT_ONE = 0.25, 2.0**-52


@pytest.mark.parametrize(
    ("value", "error", "rounded"),
    [
        (1.24, ONE_BIT, 1.0),
        (1.25, ONE_BIT, 1.5),  # half way: away from zero
        (-1.25, ONE_BIT, -1.5),
        (1.74, ONE_BIT, 1.5),
        (1.76, ONE_BIT, 2.0),
        (1.24, 0.49, 1.0),  # one bit is needed, and 1.5 is kept
        (1.5, 0.49, 1.5),
        (1.5, 0.5, 2.0),  # no bit is needed: powers of two
        (1 + 2.0**-52, ALL_BUT_ONE, 1 + 2.0**-51),
        (1 + 2.0**-52, ALL_BUT_ONE / 2, 1 + 2.0**-52),
        (5e-324, ONE_BIT, 0.0),
    ],
)
def test_values_are_rounded_to_the_bits_that_an_error_leaves(value, error, rounded):
    values = np.array([value])
    assert round_to_relative_error(values, error).tolist() == [rounded]
    assert values.tolist() == [value]


@given(st.floats(1e-300, 1e300), st.floats(1e-17, 0.09))
def test_no_value_is_off_by_more_than_the_error(value, error):
    for signed in (value, -value):
        (rounded,) = round_to_relative_error(np.array([signed]), error)
        assert abs(rounded - signed) <= error * value
