"""When two trajectories count as the same."""

AGREEMENT = {"float64": 1e-6, "float32": 1e-2}
"""Largest relative difference of two trajectories that still count as the same, by dtype."""

SMALLEST_SCALE = 1e-9
"""Variables that stay below this (in SI units) are compared absolutely: their digits are rounding."""
