"""Error over step size of every assembly and integrator, with the observed order."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from molenspin.analysis.order import ObservedOrder, observed_order
from molenspin.integrators import Integrator
from molenspin.status import CaseStatus

ERROR = "angle_max"
"""The error that tables and figures show: largest error of any angle at any recorded time [rad]."""

UNCERTAINTY = "angle_uncertainty"
"""How far that error can be trusted: the uncertainty of the reference [rad]."""


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """Errors of one assembly and integrator.

    Parameters
    ----------
    assembly, body_count, integrator
        What was simulated.
    point
        Values of the varied parameters, for people; "" where nothing is varied.
    steps, errors
        Step sizes [s], ascending, and errors [rad].
    floor
        Uncertainty of the reference [rad].
    order
        Observed order.
    """

    assembly: str
    body_count: int
    integrator: Integrator
    point: str
    steps: tuple[float, ...]
    errors: tuple[float, ...]
    floor: float
    order: ObservedOrder

    @property
    def title(self) -> str:
        """Name and size of the assembly, and its parameters."""
        return f"{self.assembly}, {self.body_count} bodies" + (f", {self.point}" if self.point else "")


def convergences(accuracy: pd.DataFrame) -> list[Convergence]:
    """All assemblies and integrators of an accuracy table.

    Backends give the same trajectories, so the largest error among them stands for all; of the points over
    one set of varied parameters, the first stands.
    """
    finished = accuracy[accuracy["status"] == CaseStatus.OK.label].dropna(subset=[ERROR])
    return sorted(_convergences(finished), key=_display_order)


def _display_order(item: Convergence) -> tuple[str, int, str, int]:
    return item.assembly, item.body_count, item.point, -item.integrator.order


def _convergences(finished: pd.DataFrame) -> Iterator[Convergence]:
    parameters = parameter_columns(finished)
    is_varied = finished[parameters].notna().to_numpy()
    which = is_varied @ 2 ** np.arange(len(parameters), dtype=np.float64)
    for _, same in finished.groupby(["assembly", "body_count", which, "integrator"], sort=False):
        values = same[parameters].iloc[0].dropna()
        point = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        yield _convergence(same[(same[values.index] == values).all(axis=1)], point)


def parameter_columns(accuracy: pd.DataFrame) -> list[str]:
    """Columns of an accuracy table that hold varied parameters: their names are ``component.field``."""
    return [str(name) for name in accuracy.columns if "." in str(name)]


def _convergence(cases: pd.DataFrame, point: str) -> Convergence:
    first = cases.iloc[0]
    by_step = cases.groupby("dt")[ERROR].max()
    steps, errors = tuple(map(float, by_step.index)), tuple(map(float, by_step))
    floor = float(cases[UNCERTAINTY].max())
    return Convergence(
        assembly=str(first["assembly"]),
        body_count=int(first["body_count"]),
        integrator=Integrator(first["integrator"]),
        point=point,
        steps=steps,
        errors=errors,
        floor=floor,
        order=observed_order(steps, errors, floor=floor),
    )


def orders_table(found: list[Convergence]) -> pd.DataFrame:
    """Observed orders beside the theoretical ones."""
    return pd.DataFrame(
        {
            "assembly": item.assembly,
            "bodies": item.body_count,
            "integrator": str(item.integrator),
            "order": item.integrator.order,
            "observed order": str(item.order),
            "steps used [s]": ", ".join(f"{step:g}" for step in item.order.steps),
            "note": item.order.note,
            "parameters": item.point,
        }
        for item in found
    )
