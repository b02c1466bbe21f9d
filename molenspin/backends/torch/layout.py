"""Which coordinate runs on which lane of a fused kernel.

Bodies that constraints or elastic meshes tie together form a component. Components of the same shape (the
same rows on the same local coordinates) are instances of one template, one on a lane: all lanes do the same
arithmetic on their own numbers. The local coordinates of all templates are the *slots*: what one lane holds.
Only springs reach from one component to another, and so from one lane to another. A component that is another
one with a few parts missing joins its template, with those rows switched off.

A lane that lacks an instance, or a part of one, holds a copy of the template's first instance there, at rest
and without forces: harmless arithmetic, which nobody reads.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compiled import CompiledAssembly, Indices
from molenspin.backends.torch.components import Instance, Piece, templates_of
from molenspin.backends.torch.links import Lanes, SpringLink, spring_links

WARP = 32
"""Lanes of a warp."""
POINT_TABLES = ("frictions", "quadratics", "excitations", "sails", "unbalances")
"""Elements that act on one coordinate."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One row of a table on every lane: a constraint, a mesh, or an element on one coordinate.

    Parameters
    ----------
    table
        Name of the table in `CompiledAssembly`.
    slots
        The slots it touches.
    entries
        Number of the table's row on each lane, (lane_count,); -1 where the lane has none.
    real
        Lanes that hold an instance rather than a copy at rest, (lane_count,).
    off
        Lanes that must ignore this constraint row: it would tie a copy to a real coordinate, (lane_count,).
    columns
        For linear rows and meshes: for each slot the columns of ``direction`` that belong to it.
    """

    table: str
    slots: tuple[int, ...]
    entries: Indices
    real: Lanes
    off: Lanes | None = None
    columns: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A compiled assembly spread over lanes.

    Parameters
    ----------
    lane_count
        Lanes of one member, a power of 2.
    coordinate
        Coordinate of each slot and lane, (slot_count, lane_count); copies repeat the first instance.
    real
        Whether slot and lane hold a coordinate rather than a copy, (slot_count, lane_count).
    row_groups
        Constraint rows of each template, in elimination order with the linear rows first.
    points, meshes, springs
        Elements.
    """

    lane_count: int
    coordinate: Indices
    real: NDArray[np.bool_]
    row_groups: tuple[tuple[Item, ...], ...]
    points: tuple[Item, ...]
    meshes: tuple[Item, ...]
    springs: tuple[SpringLink, ...]

    @property
    def slot_count(self) -> int:
        """Coordinates that one lane holds."""
        return len(self.coordinate)

    @property
    def rows(self) -> tuple[Item, ...]:
        """All constraint rows of one lane."""
        return tuple(row for group in self.row_groups for row in group)

    def home(self) -> tuple[Indices, Indices]:
        """Slot and lane of each coordinate."""
        slots, lanes = np.nonzero(self.real)
        order = np.argsort(self.coordinate[slots, lanes])
        return slots[order], lanes[order]


def lane_layout(compiled: CompiledAssembly) -> Layout:
    """Spread an assembly over lanes."""
    templates = templates_of(compiled)
    lane_count = _lane_count(max(map(len, templates)), compiled.member_count)
    placed = _placed(templates, lane_count, compiled)
    coordinate, real = _slots(placed, lane_count)
    slot_of, lane_of = np.empty(2 * compiled.body_count, int), np.empty(2 * compiled.body_count, int)
    for slot, lane in zip(*np.nonzero(real), strict=True):
        slot_of[coordinate[slot, lane]], lane_of[coordinate[slot, lane]] = slot, lane
    groups = [_items(template, slot_of, lane_count) for template in placed]
    return Layout(
        lane_count=lane_count,
        coordinate=coordinate,
        real=real,
        row_groups=tuple(tuple(item for item in group if item.table != "meshes") for group in groups),
        points=_points(compiled, slot_of, lane_of, lane_count),
        meshes=tuple(item for group in groups for item in group if item.table == "meshes"),
        springs=spring_links(compiled, slot_of, lane_of, lane_count),
    )


def _lane_count(instance_count: int, member_count: int) -> int:
    """A power of 2; a whole warp for a single member, for reductions over a part of one cost more."""
    enough = 1 << (instance_count - 1).bit_length()
    return max(enough, WARP) if member_count == 1 and enough > 1 else enough


@dataclass(frozen=True)
class Template:
    """A whole instance, and the instances by lane."""

    whole: Instance
    lanes: dict[int, Instance]


def _placed(templates: list[list[Instance]], lane_count: int, compiled: CompiledAssembly) -> list[Template]:
    """Instances on lanes: where it can be, on that of a component to which a spring leads."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for a, b in zip(compiled.springs.index_a.tolist(), compiled.springs.index_b.tolist(), strict=True):
        neighbours[a].add(b)
        neighbours[b].add(a)
    lane_of: dict[int, int] = {}
    placed = []
    for instances in templates:
        lanes: dict[int, Instance] = {}
        for instance in sorted(instances, key=lambda item: item.coordinates[0] or 0):
            own = [coordinate for coordinate in instance.coordinates if coordinate is not None]
            wanted = [
                lane_of[other] for coordinate in own for other in neighbours[coordinate] if other in lane_of
            ]
            lane = next(lane for lane in (*wanted, *range(lane_count)) if lane not in lanes)
            lanes[lane] = instance
            lane_of |= dict.fromkeys(own, lane)
        placed.append(Template(instances[0], lanes))
    return placed


def _slots(templates: list[Template], lane_count: int) -> tuple[Indices, NDArray[np.bool_]]:
    coordinate = [
        np.repeat(np.array(template.whole.coordinates)[:, None], lane_count, axis=1) for template in templates
    ]
    real = [np.zeros(held.shape, dtype=bool) for held in coordinate]
    for template, held, is_real in zip(templates, coordinate, real, strict=True):
        for lane, instance in template.lanes.items():
            own = np.array([-1 if number is None else number for number in instance.coordinates])
            is_real[:, lane] = own >= 0
            held[is_real[:, lane], lane] = own[own >= 0]
    return np.concatenate(coordinate), np.concatenate(real)


def _items(template: Template, slot_of: Indices, lane_count: int) -> list[Item]:
    """Constraint rows and meshes of one template."""
    return [
        _item(template, place, piece, slot_of, lane_count)
        for place, piece in enumerate(template.whole.pieces)
        if piece is not None
    ]


def _item(template: Template, place: int, whole: Piece, slot_of: Indices, lane_count: int) -> Item:
    name, number, at, columns = whole
    entries, real, off = np.full(lane_count, number), np.zeros(lane_count, bool), np.zeros(lane_count, bool)
    touched = template.whole.shape[place][1]
    for lane, instance in template.lanes.items():
        piece = instance.pieces[place]
        if piece is None:
            off[lane] = any(instance.coordinates[local] is not None for local in touched)
        else:
            entries[lane], real[lane] = piece[1], True
    slots = tuple(slot_of[list(at)].tolist())
    return Item(table=name, slots=slots, entries=entries, real=real, off=off, columns=columns)


def _points(
    compiled: CompiledAssembly, slot_of: Indices, lane_of: Indices, lane_count: int
) -> tuple[Item, ...]:
    """Elements on one coordinate: the k-th of its kind on a slot shares an item with the other lanes's."""
    items = []
    for name in POINT_TABLES:
        occurrences: dict[tuple[int, int], Indices] = {}
        seen: dict[int, int] = defaultdict(int)
        for number, coordinate in enumerate(getattr(compiled, name).index.tolist()):
            key = (int(slot_of[coordinate]), seen[coordinate])
            seen[coordinate] += 1
            occurrences.setdefault(key, np.full(lane_count, -1))[lane_of[coordinate]] = number
        items += [
            Item(table=name, slots=(slot,), entries=entries, real=entries >= 0)
            for (slot, _), entries in occurrences.items()
        ]
    return tuple(items)
