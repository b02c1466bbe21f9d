"""Nonlinear constraint rows on tensors: value, both slopes, and the three second derivatives of each row.

Every function takes the coordinates at both ends, (member_count, k), and returns six tensors of that shape.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import torch
from torch import Tensor


class Tables(Protocol):
    """Columns of tables by dotted name."""

    def __getitem__(self, name: str) -> Tensor:
        """A table's column."""


Mechanism: TypeAlias = Callable[[Tables, Tensor, Tensor], tuple[Tensor, ...]]


def universal_joints(tables: Tables, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    """sin(a) cos(b) - cos_angle cos(a) sin(b)."""
    sine_a, cosine_a, sine_b, cosine_b = a.sin(), a.cos(), b.sin(), b.cos()
    tilt = tables["universal_joints.cos_angle"]
    value = sine_a * cosine_b - tilt * cosine_a * sine_b
    slope_a = cosine_a * cosine_b + tilt * sine_a * sine_b
    slope_b = -sine_a * sine_b - tilt * cosine_a * cosine_b
    mixed = tilt * sine_a * cosine_b - cosine_a * sine_b
    return value, slope_a, slope_b, -value, mixed, -value


def slider_cranks(tables: Tables, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    """B - (crank cos(a) + sqrt(rod^2 - crank^2 sin^2(a)) - crank - rod)."""
    crank, rod = tables["slider_cranks.crank"], tables["slider_cranks.rod"]
    across, along = crank * a.sin(), crank * a.cos()
    root = (rod**2 - across**2).sqrt()
    value = b - (along + root - crank - rod)
    slope = across + across * along / root
    curvature = along + (along**2 - across**2) / root + (across * along) ** 2 / root**3
    zero = torch.zeros_like(value)
    return value, slope, torch.ones_like(value), curvature, zero, zero


def cams(tables: Tables, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    """B - sum_k lift_k (1 - cos(k a))."""
    lift = tables["cams.lift"]
    harmonic = torch.arange(1, lift.shape[-1] + 1, device=a.device, dtype=a.dtype)
    phase = a[..., None] * harmonic
    value = b - (lift * (1.0 - phase.cos())).sum(-1)
    slope = -(lift * harmonic * phase.sin()).sum(-1)
    curvature = -(lift * harmonic**2 * phase.cos()).sum(-1)
    zero = torch.zeros_like(value)
    return value, slope, torch.ones_like(value), curvature, zero, zero


MECHANISMS: dict[str, Mechanism] = {
    "universal_joints": universal_joints,
    "slider_cranks": slider_cranks,
    "cams": cams,
}
"""By table, in the order in which rows are numbered."""
