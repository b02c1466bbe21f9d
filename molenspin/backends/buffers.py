"""Large arrays from memory that this process has touched before.

The first write to a fresh page costs several times the write itself, and a run that records every step of a
large assembly would spend most of its time on it. Blocks that no array uses any more are therefore kept and
used again.
"""

import mmap
from collections import deque
from collections.abc import Sequence
from math import prod
from weakref import finalize

import numpy as np

from molenspin.assembly.compiled import Floats

SMALLEST_BLOCK = 1 << 19
"""Arrays of fewer bytes come from NumPy, whose allocator keeps small blocks itself."""

GRAIN = 1 << 21
"""Blocks are multiples of this many bytes, the size of a huge page."""

IDLE_LIMIT = 1 << 28
"""Idle blocks beyond this many bytes are given back to the system."""


class BufferPool:
    """Idle blocks of memory, and arrays on them.

    Every view of an array keeps the array's root alive, and a block becomes idle when its root is collected.
    The deque makes taking and giving atomic: the collector may give a block back at any moment.
    """

    def __init__(self) -> None:
        self._idle: deque[mmap.mmap] = deque()

    def array(self, shape: Sequence[int]) -> Floats:
        """An uninitialised array of float64, C-contiguous."""
        count = prod(shape)
        size = count * 8
        if size < SMALLEST_BLOCK:
            return np.empty(shape)
        block = self._take(size)
        root = np.frombuffer(block, dtype=np.float64, count=count)
        finalize(root, self._give_back, block).atexit = False
        return root.reshape(shape)

    def idle_bytes(self) -> int:
        """Bytes that wait to be used again."""
        return sum(len(block) for block in tuple(self._idle))

    def release(self) -> None:
        """Give all idle blocks back to the system."""
        self._idle.clear()

    def _take(self, size: int) -> mmap.mmap:
        for _ in range(len(self._idle)):
            try:
                block = self._idle.popleft()
            except IndexError:
                break
            if size <= len(block) <= 2 * max(size, GRAIN):
                return block
            self._idle.append(block)
        return _new_block(-(-size // GRAIN) * GRAIN)

    def _give_back(self, block: mmap.mmap) -> None:
        if self.idle_bytes() + len(block) <= IDLE_LIMIT:
            self._idle.append(block)


def _new_block(size: int) -> mmap.mmap:
    """Private memory: a forked process gets a copy, not a share."""
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, size)
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        try:
            block.madvise(mmap.MADV_HUGEPAGE)
        except OSError:  # a kernel without huge pages
            return block
    return block


POOL = BufferPool()
"""The pool that the buffers of all runs come from."""
