from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

source_hash: str
build_profile: str

class RunReport:
    @property
    def status(self) -> NDArray[np.int8]: ...
    @property
    def stop_step(self) -> NDArray[np.int64]: ...
    @property
    def stop_index(self) -> NDArray[np.int64]: ...
    @property
    def stop_residual(self) -> NDArray[np.float64]: ...
    @property
    def max_residual(self) -> NDArray[np.float64]: ...
    @property
    def newton_iterations(self) -> NDArray[np.int64]: ...
    @property
    def force_evaluations(self) -> NDArray[np.int64]: ...
    @property
    def phases(self) -> tuple[float, float, float, float]: ...
    @property
    def elapsed(self) -> float: ...
    @property
    def path(self) -> str: ...

def simulate(
    arrays: Mapping[str, NDArray[np.float64] | NDArray[np.int64]],
    *,
    member_count: int,
    dt: float,
    step_count: int,
    save_every: int,
    integrator: str,
    tolerance: float,
    newton_limit: int,
    runaway_limit: float,
    threads: int,
    angle: NDArray[np.float64],
    displacement: NDArray[np.float64],
    angular_velocity: NDArray[np.float64],
    velocity: NDArray[np.float64],
    reaction: NDArray[np.float64] | None = None,
) -> RunReport: ...

class StackSampler:
    def __init__(self, frequency: int) -> None: ...
    def stop(self) -> list[tuple[list[str], int]]: ...

def flamegraph(folded: str, title: str, unit: str) -> str: ...
def difference_flamegraph(before: str, after: str, title: str, unit: str) -> str: ...
