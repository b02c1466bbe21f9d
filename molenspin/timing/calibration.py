"""Fixed work that no change of the simulation touches: its seconds tell how fast the machine is just now."""

import numpy as np

_SIZE = 160
_REPEATS = 150
_LOOPS = 80_000


def calibration_kernel() -> float:
    """Multiply a matrix with a vector, take sines and count in plain Python: some milliseconds in all."""
    matrix = np.full((_SIZE, _SIZE), 1.0 / _SIZE)
    vector = np.linspace(0.0, 1.0, _SIZE)
    for _ in range(_REPEATS):
        vector = np.sin(matrix @ vector)
    total = 0
    for number in range(_LOOPS):
        total += number & 3
    return float(vector[0]) + total
