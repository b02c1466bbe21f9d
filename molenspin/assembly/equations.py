"""The nonlinear constraint equations in NumPy: value, slopes and curvature of each row.

The compiled backends write the same formulas in their own language. Every function takes the coordinates
of both ends, arrays of shape (..., k), and returns arrays of that shape.
"""

from typing import NamedTuple

import numpy as np

from molenspin.assembly.compiled import CamTable, Floats, SliderCrankTable, UniversalJointTable


class RowValues(NamedTuple):
    """Rows g(q_a, q_b), shape (..., k): value, dg/dq_a, dg/dq_b, and the second derivatives of g."""

    value: Floats
    slope_a: Floats
    slope_b: Floats
    curvature_aa: Floats
    curvature_ab: Floats
    curvature_bb: Floats


def universal_joint_rows(joints: UniversalJointTable, angle_a: Floats, angle_b: Floats) -> RowValues:
    """sin(a) cos(b) - c cos(a) sin(b) and its derivatives."""
    sine_a, cosine_a = np.sin(angle_a), np.cos(angle_a)
    sine_b, cosine_b = np.sin(angle_b), np.cos(angle_b)
    value = sine_a * cosine_b - joints.cos_angle * cosine_a * sine_b
    slope_a = cosine_a * cosine_b + joints.cos_angle * sine_a * sine_b
    slope_b = -sine_a * sine_b - joints.cos_angle * cosine_a * cosine_b
    mixed = -cosine_a * sine_b + joints.cos_angle * sine_a * cosine_b
    return RowValues(value, slope_a, slope_b, -value, mixed, -value)


def slider_crank_rows(cranks: SliderCrankTable, angle: Floats, displacement: Floats) -> RowValues:
    """Z - (r cos(a) + sqrt(l^2 - r^2 sin^2(a)) - r - l) and its derivatives."""
    sine, cosine = np.sin(angle), np.cos(angle)
    reach = cranks.crank * sine
    root = np.sqrt(cranks.rod**2 - reach**2)
    lever = cranks.crank * cosine
    value = displacement - (lever + root - cranks.crank - cranks.rod)
    slope = reach + reach * lever / root
    curvature = lever + (lever**2 - reach**2) / root + (reach * lever) ** 2 / root**3
    zero = np.zeros_like(value)
    return RowValues(value, slope, np.ones_like(value), curvature, zero, zero)


def cam_rows(cams: CamTable, angle: Floats, displacement: Floats) -> RowValues:
    """Z - sum_k h_k (1 - cos(k a)) and its derivatives."""
    harmonic = np.arange(1, cams.lift.shape[-1] + 1)
    phase = angle[..., np.newaxis] * harmonic
    value = displacement - np.sum(cams.lift * (1 - np.cos(phase)), axis=-1)
    slope = -np.sum(cams.lift * harmonic * np.sin(phase), axis=-1)
    curvature = -np.sum(cams.lift * harmonic**2 * np.cos(phase), axis=-1)
    zero = np.zeros_like(value)
    return RowValues(value, slope, np.ones_like(value), curvature, zero, zero)
