"""Figures with matplotlib."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from molenspin.analysis.balance import energy

SHOWN_BODIES = 8
"""Lines in one panel: more cannot be told apart."""


def trajectory_figure(dataset: xr.Dataset, member: Mapping[str, int] | None = None) -> Figure:
    """Angular velocities, displacements and energy of one run.

    Parameters
    ----------
    dataset
        Trajectories.
    member
        Position along each member dim, 0 where it is not given.
    """
    members = {str(dim): 0 for dim in dataset["angle"].dims if dim not in ("time", "body")}
    run = dataset.isel({**members, **(member or {})})
    figure = Figure(figsize=(8, 8), layout="constrained")
    spin, axial, stored = figure.subplots(3, 1, sharex=True)
    for axes, name in ((spin, "angular_velocity"), (axial, "displacement")):
        _plot_bodies(axes, run[name])
    for kind, values in energy(run).data_vars.items():
        stored.plot(run["time"], values, label=str(kind))
    stored.set(xlabel="time [s]", ylabel="energy [J]")
    stored.legend(fontsize="small")
    return figure


def _plot_bodies(axes: Axes, values: xr.DataArray) -> None:
    largest = abs(values).max("time").fillna(0.0)
    shown = np.sort(np.argsort(-largest.to_numpy(), kind="stable")[:SHOWN_BODIES])
    for position in shown:
        body = values.isel(body=int(position))
        axes.plot(values["time"], body, label=str(body["body"].item()))
    axes.set_ylabel(f"{values.attrs.get('long_name', values.name)} [{values.attrs.get('units', '')}]")
    axes.legend(fontsize="small", ncols=4)
