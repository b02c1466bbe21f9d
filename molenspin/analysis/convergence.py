"""Error over step size of every assembly and integrator, with the observed order."""

from collections.abc import Iterator
from dataclasses import dataclass

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
    steps: tuple[float, ...]
    errors: tuple[float, ...]
    floor: float
    order: ObservedOrder

    @property
    def title(self) -> str:
        """Name and size of the assembly."""
        return f"{self.assembly}, {self.body_count} bodies"


def convergences(accuracy: pd.DataFrame) -> list[Convergence]:
    """All assemblies and integrators of an accuracy table.

    Backends give the same trajectories, so the largest error among them stands for all; of the varied
    parameters, the first point stands.
    """
    finished = accuracy[accuracy["status"] == CaseStatus.OK.label].dropna(subset=[ERROR])
    return sorted(
        _convergences(finished), key=lambda item: (item.assembly, item.body_count, -item.integrator.order)
    )


def _convergences(finished: pd.DataFrame) -> Iterator[Convergence]:
    keys = ["assembly", "body_count", "integrator"]
    for _, cases in finished.groupby(keys):
        first = cases.iloc[0]
        shown = cases.drop_duplicates(["dt", "backend"])
        by_step = shown.groupby("dt")[ERROR].max()
        steps, errors = tuple(map(float, by_step.index)), tuple(map(float, by_step))
        floor = float(shown[UNCERTAINTY].max())
        yield Convergence(
            assembly=str(first["assembly"]),
            body_count=int(first["body_count"]),
            integrator=Integrator(first["integrator"]),
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
        }
        for item in found
    )
