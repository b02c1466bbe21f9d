"""Speed ratios measured on trajectories, beside the published ones."""

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr

from molenspin.mills.drivetrain import SAILS, output_body
from molenspin.mills.table import Mill, Stage


def speed_ratio(trajectory: xr.Dataset, driver: str, driven: str) -> float:
    """Mean speed of ``driven`` over that of ``driver`` in the second half of a run, without sign.

    Parameters
    ----------
    trajectory
        Dataset with ``angle`` over ``time`` and ``body``.
    driver, driven
        Names of bodies.
    """
    angle = trajectory["angle"].isel(time=slice(trajectory.sizes["time"] // 2, None))
    turned = angle.isel(time=-1) - angle.isel(time=0)
    return abs(float(turned.sel(body=driven) / turned.sel(body=driver)))


def agrees(ratio: float, printed: str) -> bool:
    """Whether ``ratio``, rounded to the digits of ``printed``, is what is printed."""
    decimals = len(printed.partition(".")[2])
    return f"{ratio:.{decimals}f}" == printed


def ratio_table(mills: Sequence[Mill], trajectories: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """One row per output of every mill that has a trajectory.

    Parameters
    ----------
    mills
        As read from the table.
    trajectories
        Dataset of each mill, by its key.

    Returns
    -------
    pandas.DataFrame
        ``simulated`` is measured on the trajectory; ``by_teeth`` is there to compare; ``agrees`` is empty
        where nothing is published.
    """
    rows = [
        _row(mill, stage, trajectories[mill.key])
        for mill in mills
        if mill.key in trajectories
        for stage in mill.output_stages
    ]
    return pd.DataFrame(rows)


def _row(mill: Mill, stage: Stage, trajectory: xr.Dataset) -> dict[str, object]:
    body, published = output_body(mill, stage), mill.published_ratio
    simulated = speed_ratio(trajectory, SAILS, body)
    agreement = "" if published is None else "yes" if agrees(simulated, published) else "no"
    return {
        "mill": mill.key,
        "name": mill.name,
        "place": mill.place,
        "output": body,
        "by_teeth": round(mill.tooth_ratio(stage), 6),
        "simulated": round(simulated, 6),
        "published": published or "",
        "agrees": agreement,
    }
