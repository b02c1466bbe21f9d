"""The model's equations on the lanes of a fused kernel: forces and constraint rows in terms of values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

from molenspin.assembly.compiled import CompiledAssembly, Indices
from molenspin.backends.torch.layout import Item, Layout
from molenspin.backends.torch.links import Lanes, SpringLink
from molenspin.backends.torch.program import Program, Value
from molenspin.backends.torch.rows import Row, Slots

Trigonometry: TypeAlias = Mapping[int, tuple[Value, ...]]
"""Sine and cosine by slot."""


class Equations:
    """Forces and constraints of one assembly, written into a program.

    Parameters
    ----------
    compiled, layout, program
        What, where, and into what.
    varying
        The arrays that vary between members as tensors on the device, by dotted name.
    """

    def __init__(
        self, compiled: CompiledAssembly, layout: Layout, program: Program, varying: Mapping[str, Tensor]
    ) -> None:
        self._arrays: dict[str, Any] = compiled.arrays() | dict(varying)
        self._gusts = compiled.gusts
        self._layout = layout
        self._program = program
        self.links: list[Indices] = []
        """Lanes to gather from, (lane_count,) each, in the order in which `_gather` met them."""
        self.inverse_mass = [
            program.reciprocal(self._of_slot("mass", slot)) for slot in range(layout.slot_count)
        ]
        self.row_masks = [
            [program.known(row.real.astype(float)) for row in rows] for rows in layout.row_groups
        ]
        """Of each template's rows: 1 on lanes that hold an instance, 0 on those with a copy."""

    # Coefficients

    def _of_slot(self, name: str, slot: int) -> Value:
        return self._program.known(self._arrays[name][..., self._layout.coordinate[slot]])

    def _of(self, item: Item | SpringLink, name: str, column: int | None = None) -> Value:
        """A coefficient of an item on every lane; 0 where the lane has none."""
        array = self._arrays[name]
        picked = (array if column is None else array[..., column])[..., np.maximum(item.entries, 0)]
        return self._program.known(picked) * self._mask(item.entries >= 0)

    def _mask(self, lanes: Lanes) -> Value:
        return self._program.known(lanes.astype(float))

    # Forces

    def forces(self, position: Slots, velocity: Slots, time: Value) -> dict[int, Value]:
        """Generalised force on every slot."""
        force = {slot: self._diagonal(slot, position[slot], velocity[slot]) for slot in position}
        for item in self._layout.points:
            (slot,) = item.slots
            torque = getattr(self, f"_{item.table}")
            force[slot] = force[slot] + torque(item, position[slot], velocity[slot], time)
        for mesh in self._layout.meshes:
            for slot, push in self._mesh(mesh, position, velocity).items():
                force[slot] = force[slot] - push
        for link in self._layout.springs:
            on_a, on_b = self._spring(link, position, velocity)
            force[link.slot_a] = force[link.slot_a] - on_a
            force[link.slot_b] = force[link.slot_b] + on_b
        return force

    def _diagonal(self, slot: int, position: Value, velocity: Value) -> Value:
        real = self._mask(self._layout.real[slot])
        stiffness, damping, constant = (
            self._of_slot(name, slot) * real for name in ("stiffness", "damping", "constant_force")
        )
        return constant - stiffness * position - damping * velocity

    def _frictions(self, item: Item, _: Value, velocity: Value, __: Value) -> Value:
        entries = np.maximum(item.entries, 0)  # not 0 where a lane has none: it divides
        inverse_slip = self._program.known(1.0 / self._arrays["frictions.slip_speed"][..., entries])
        (share,) = self._program.call("hyperbolic_tangent", velocity * inverse_slip)
        return -(self._of(item, "frictions.torque") * share)

    def _quadratics(self, item: Item, _: Value, velocity: Value, __: Value) -> Value:
        size = self._program.compute(f"tl.abs({self._program.text(velocity)})")
        return -(self._of(item, "quadratics.coefficient") * velocity * size)

    def _excitations(self, item: Item, _: Value, __: Value, time: Value) -> Value:
        frequency, phase = (self._of(item, f"excitations.{name}") for name in ("angular_frequency", "phase"))
        return self._of(item, "excitations.amplitude") * self._sine(frequency * time + phase)

    def _sails(self, item: Item, _: Value, velocity: Value, time: Value) -> Value:
        lift, slope = self._of(item, "sails.lift"), self._of(item, "sails.slope")
        wind = self._of(item, "sails.wind_speed") * (1.0 + self._gust(item, time))
        return lift * wind * (wind - slope * velocity)

    def _gust(self, sail: Item, time: Value) -> Value:
        """Sum of the gusts of a sail: the k-th gust of every lane together."""
        own = [np.flatnonzero(self._gusts.sail == number) for number in sail.entries]
        result = self._program.known(0.0)
        for k in range(max(map(len, own))):
            entries = np.array([gusts[k] if k < len(gusts) else -1 for gusts in own])
            gust = Item(table="gusts", slots=sail.slots, entries=entries, real=entries >= 0)
            depth, frequency, phase = (
                self._of(gust, f"gusts.{name}") for name in ("depth", "angular_frequency", "phase")
            )
            result = result + depth * self._sine(frequency * time + phase)
        return result

    def _unbalances(self, item: Item, position: Value, _: Value, __: Value) -> Value:
        return -(
            self._of(item, "unbalances.moment") * self._sine(position - self._of(item, "unbalances.angle"))
        )

    def _sine(self, angle: Value) -> Value:
        if isinstance(angle.numbers, Tensor):
            return self._program.known(angle.numbers.sin())
        if angle.numbers is not None:
            return self._program.known(np.sin(angle.numbers))
        return self._program.call("sine", angle)[0]

    def _mesh(self, mesh: Item, position: Slots, velocity: Slots) -> dict[int, Value]:
        direction = self._direction(mesh)
        depth = self._program.total(factor * position[slot] for slot, factor in direction.items())
        rate = self._program.total(factor * velocity[slot] for slot, factor in direction.items())
        real = self._mask(mesh.real)
        stiffness, damping = (self._of(mesh, f"meshes.{name}") * real for name in ("stiffness", "damping"))
        half = self._of(mesh, "meshes.backlash") * 0.5
        (push,) = self._program.call("tooth_force", depth, rate, stiffness, damping, half)
        return {slot: factor * push for slot, factor in direction.items()}

    def _spring(self, link: SpringLink, position: Slots, velocity: Slots) -> tuple[Value, Value]:
        """Torque as the lanes of both ends see it."""
        stiffness, damping, offset = (
            self._of(link, f"springs.{name}") for name in ("stiffness", "damping", "offset")
        )
        q, v = position[link.slot_b], velocity[link.slot_b]
        if not link.is_local:
            q, v = self._gather(q, link.lane_b), self._gather(v, link.lane_b)
        stretch = position[link.slot_a] - q - offset
        torque = stiffness * stretch + damping * (velocity[link.slot_a] - v)
        if link.is_local:
            return torque, torque
        return torque, self._gather(torque, link.lane_a) * self._mask(link.pulled)

    def _gather(self, value: Value, lanes: Indices) -> Value:
        if value.numbers is not None:
            return value
        place = next(
            (k for k, known in enumerate(self.links) if np.array_equal(known, lanes)), len(self.links)
        )
        if place == len(self.links):
            self.links.append(lanes)
        return self._program.compute(f"tl.gather({value.name}, link{place}, axis=0)")

    # Constraints

    def rows(self, position: Slots, time: Value) -> list[list[Row]]:
        """Constraint rows of every template at a position."""
        trigonometry = {
            slot: self._program.call("sine_cosine", position[slot], results=2)
            for slot in self._turning_slots()
        }
        return [
            [self._row(item, position, time, trigonometry) for item in group]
            for group in self._layout.row_groups
        ]

    def _row(self, item: Item, position: Slots, time: Value, trigonometry: Trigonometry) -> Row:
        row: Row = getattr(self, f"_{item.table}")(item, position, time, trigonometry)
        if item.off is None or not item.off.any():
            return row
        on = self._mask(~item.off)
        return replace(row.mapped(lambda value: value * on), rate=row.rate * on, spare=self._mask(item.off))

    def _turning_slots(self) -> Sequence[int]:
        slots: list[int] = []
        for item in self._layout.rows:
            if item.table != "linear_rows":
                slots += item.slots[: 2 if item.table == "universal_joints" else 1]
        return sorted(set(slots))

    def _direction(self, item: Item) -> dict[int, Value]:
        return {
            slot: self._program.total(self._of(item, f"{item.table}.direction", column) for column in columns)
            for slot, columns in zip(item.slots, item.columns, strict=True)
        }

    def _linear_rows(self, item: Item, position: Slots, time: Value, _: object) -> Row:
        jacobian = self._direction(item)
        rate = self._of(item, "linear_rows.rate") * self._mask(item.real)
        reached = self._program.total(factor * position[slot] for slot, factor in jacobian.items())
        residual = reached - self._of(item, "linear_rows.offset") - rate * time
        return Row(residual, jacobian, rate=-rate)

    def _universal_joints(self, item: Item, _: Slots, __: Value, trigonometry: Trigonometry) -> Row:
        a, b = item.slots
        (sin_a, cos_a), (sin_b, cos_b) = trigonometry[a], trigonometry[b]
        cos_angle = self._of(item, "universal_joints.cos_angle")
        tilted_cos, tilted_sin = cos_angle * cos_a, cos_angle * sin_a
        residual = sin_a * cos_b - tilted_cos * sin_b
        jacobian = {a: cos_a * cos_b + tilted_sin * sin_b, b: -(sin_a * sin_b + tilted_cos * cos_b)}
        mixed = 2.0 * (tilted_sin * cos_b - cos_a * sin_b)
        return Row(residual, jacobian, {(a, a): -residual, (b, b): -residual, (a, b): mixed})

    def _slider_cranks(self, item: Item, position: Slots, _: Value, trigonometry: Trigonometry) -> Row:
        a, b = item.slots
        sine, cosine = trigonometry[a]
        crank, rod = (self._of(item, f"slider_cranks.{name}") for name in ("crank", "rod"))
        across, along = crank * sine, crank * cosine
        square = rod * rod - across * across
        (inverse,) = self._program.call("inverse_root", square)
        reach, lean = square * inverse, along * inverse
        residual = position[b] - (along + reach - crank - rod)
        swing = across * inverse
        bend = along + (along * lean - across * swing) + reach * (swing * lean) * (swing * lean)
        return Row(residual, {a: across + across * lean, b: self._program.known(1.0)}, {(a, a): bend})

    def _cams(self, item: Item, position: Slots, _: Value, trigonometry: Trigonometry) -> Row:
        a, b = item.slots
        sine, cosine = trigonometry[a]
        zero = self._program.known(0.0)
        lift, slope, bend = zero, zero, zero
        sin_k, cos_k = sine, cosine
        for k in range(1, self._arrays["cams.lift"].shape[-1] + 1):
            height = self._of(item, "cams.lift", k - 1)
            lift = lift + height * (1.0 - cos_k)
            slope = slope + k * height * sin_k
            bend = bend + k * k * height * cos_k
            sin_k, cos_k = sin_k * cosine + cos_k * sine, cos_k * cosine - sin_k * sine
        return Row(position[b] - lift, {a: -slope, b: self._program.known(1.0)}, {(a, a): -bend})
