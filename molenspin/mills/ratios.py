"""Speed ratios measured on trajectories, beside the published ones."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from molenspin.errors import InvalidValueError
from molenspin.mills.drivetrain import SAILS, output_body
from molenspin.mills.table import Mill, Stage
from molenspin.status import CaseStatus


def speed_ratio(trajectories: xr.Dataset, driver: str, driven: str) -> xr.DataArray:
    """Mean speed of ``driven`` over that of ``driver`` in the second half of each run, without sign.

    Parameters
    ----------
    trajectories
        Dataset with ``angle`` over ``time``, ``body`` and any further dims, which the result keeps.
    driver, driven
        Names of bodies.
    """
    angle = trajectories["angle"]
    middle, end = angle.isel(time=trajectories.sizes["time"] // 2), angle.isel(time=-1)
    turned = end - middle
    return abs(turned.sel(body=driven, drop=True) / turned.sel(body=driver, drop=True))


def agrees(ratio: float, printed: str) -> bool:
    """Whether ``ratio``, rounded to the digits of ``printed``, is what is printed."""
    decimals = len(printed.partition(".")[2])
    return f"{ratio:.{decimals}f}" == printed


def ratio_table(mills: Sequence[Mill], trajectories: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """One row per output of every mill that has trajectories.

    Parameters
    ----------
    mills
        As read from the table.
    trajectories
        Dataset of each mill, by the label of its assembly (the mill's key, and ``@`` with a short hash where
        two assemblies have that name): one run, or many over further dims.

    Returns
    -------
    pandas.DataFrame
        ``simulated`` is the median over ``runs`` trajectories, ``spread`` the largest less the smallest;
        ``by_teeth`` is there to compare; ``agrees`` says whether every run rounds to what is published, and
        is empty where nothing is.

    Raises
    ------
    InvalidValueError
        If no mill has trajectories.
    """
    rows = [
        _row(mill, label, stage, runs)
        for mill in mills
        for label, runs in trajectories.items()
        if label.partition("@")[0] == mill.key
        for stage in mill.output_stages
    ]
    if not rows:
        raise InvalidValueError(f"no mill of the table is among the assemblies {', '.join(trajectories)}")
    return pd.DataFrame(rows)


def completed_runs(nodes: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """The runs of a store that came to their end, by the label of their assembly."""
    return {name: node.isel(case=node["status"].values == CaseStatus.OK) for name, node in nodes.items()}


def _row(mill: Mill, label: str, stage: Stage, trajectories: xr.Dataset) -> dict[str, object]:
    body, published = output_body(mill, stage), mill.published_ratio
    ratios = np.atleast_1d(speed_ratio(trajectories, SAILS, body).to_numpy()).ravel()
    agreement = published and ("yes" if all(agrees(ratio, published) for ratio in ratios) else "no")
    return {
        "mill": label,
        "name": mill.name,
        "place": mill.place,
        "output": body,
        "runs": len(ratios),
        "by_teeth": round(mill.tooth_ratio(stage), 6),
        "simulated": round(float(np.median(ratios)), 6),
        "spread": float(f"{np.ptp(ratios):.1e}"),
        "published": published or "",
        "agrees": agreement or "",
    }
