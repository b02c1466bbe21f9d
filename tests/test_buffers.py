"""Memory of buffers is used again, and never while someone looks at it."""

import gc

import numpy as np

from molenspin.backends.buffers import BufferPool

SHAPE = (4, 8, 10_000)


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_released_memory_is_used_again():
    pool = BufferPool()
    first = pool.array(SHAPE)
    place = address(first)
    del first
    gc.collect()
    assert pool.idle_bytes() > 0
    second = pool.array(SHAPE)
    assert address(second) == place
    assert pool.idle_bytes() == 0


def test_a_view_keeps_its_memory():
    pool = BufferPool()
    first = pool.array(SHAPE)
    first[:] = 1.0
    view = first[0].T[5:]
    del first
    gc.collect()
    second = pool.array(SHAPE)
    second[:] = 2.0
    assert np.all(view == 1.0)


def test_arrays_are_writeable_contiguous_and_of_any_size():
    pool = BufferPool()
    for shape in ((0, 3), (2, 3, 4), SHAPE):
        array = pool.array(shape)
        assert array.shape == shape
        assert array.flags.c_contiguous
        assert array.flags.writeable
