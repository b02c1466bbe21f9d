"""Springs between components: the only thing that reaches from one lane of a fused kernel to another."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compiled import CompiledAssembly, Indices

Lanes: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class SpringLink:
    """Springs between two slots, at most one per lane on either end.

    Parameters
    ----------
    slot_a, slot_b
        The slots at the two ends.
    entries
        Row of the spring table for the lane that holds end a, (lane_count,); -1 where none.
    lane_b
        Lane of end b as seen from the lane of end a; its own number where none.
    lane_a
        Lane of end a as seen from the lane of end b; its own number where none.
    pulled
        Lanes that hold an end b.
    """

    slot_a: int
    slot_b: int
    entries: Indices
    lane_b: Indices
    lane_a: Indices
    pulled: Lanes

    @property
    def is_local(self) -> bool:
        """Whether both ends always lie on the same lane."""
        linked = self.entries >= 0
        return bool(np.all(self.lane_b[linked] == np.flatnonzero(linked)))


def spring_links(
    compiled: CompiledAssembly, slot_of: Indices, lane_of: Indices, lane_count: int
) -> tuple[SpringLink, ...]:
    """Group springs by their slots; a group takes a spring only while both its lanes are still free."""
    table = compiled.springs
    groups: dict[tuple[int, int, bool], list[list[tuple[int, int, int]]]] = defaultdict(list)
    for number, (a, b) in enumerate(zip(table.index_a.tolist(), table.index_b.tolist(), strict=True)):
        lane_a, lane_b = int(lane_of[a]), int(lane_of[b])
        fitting = groups[int(slot_of[a]), int(slot_of[b]), lane_a == lane_b]
        free = (g for g in fitting if all(lane_a != other[1] and lane_b != other[2] for other in g))
        group = next(free, None)
        if group is None:
            group = []
            fitting.append(group)
        group.append((number, lane_a, lane_b))
    return tuple(
        _link(slot_a, slot_b, group, lane_count)
        for (slot_a, slot_b, _), fitting in groups.items()
        for group in fitting
    )


def _link(slot_a: int, slot_b: int, group: list[tuple[int, int, int]], lane_count: int) -> SpringLink:
    numbers, lanes_a, lanes_b = np.array(group).T
    entries = np.full(lane_count, -1)
    entries[lanes_a] = numbers
    lane_b, lane_a = np.arange(lane_count), np.arange(lane_count)
    lane_b[lanes_a], lane_a[lanes_b] = lanes_b, lanes_a
    pulled = np.isin(np.arange(lane_count), lanes_b)
    return SpringLink(
        slot_a=slot_a, slot_b=slot_b, entries=entries, lane_b=lane_b, lane_a=lane_a, pulled=pulled
    )
