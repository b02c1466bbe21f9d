"""Figures for papers and slides, drawn by matplotlib: speedup by size, error over step, cost over error."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from molenspin.analysis.balance import energy
from molenspin.analysis.convergence import Convergence
from molenspin.analysis.results import SweepResults
from molenspin.analysis.speedups import by_size
from molenspin.analysis.work_precision import Curve, CurveKey
from molenspin.errors import InvalidTypeError, InvalidValueError
from molenspin.output.terminal import visible

SHOWN_BODIES = 8
"""Lines in one panel: more cannot be told apart."""

PANEL_COLUMNS = 2
MARKERS = {"rk4": "o", "verlet": "s", "euler": "^"}
LINES = ("-", "--", ":", "-.")


def result_figures(results: SweepResults) -> dict[str, Figure]:
    """All figures of a sweep by name: ``speedup``, ``error_over_step``, ``work_precision``."""
    return {
        "speedup": speedup_figure(results.speedup),
        "error_over_step": convergence_figure(results.convergence),
        "work_precision": work_precision_figure(results.curves, results.curve_titles),
    }


def speedup_figure(table: pd.DataFrame) -> Figure:
    """Speedup over the baseline by number of bodies, at the smallest step of each, with 95% intervals.

    Parameters
    ----------
    table
        From `molenspin.analysis.speedups.equal_step_table`.
    """
    figure, axes = _single("bodies", "speedup over the baseline at equal step")
    if table.empty:
        return figure
    timed = table.dropna(subset=["speedup", "speedup_low"])
    for item in by_size(timed):
        rows = item.rows
        low, high = rows["speedup"] - rows["speedup_low"], rows["speedup_high"] - rows["speedup"]
        bars = np.nan_to_num(np.vstack([low, high]).astype(np.float64))
        axes.errorbar(rows["body_count"], rows["speedup"], yerr=bars, capsize=3, marker="o", label=item.label)
    axes.axhline(1.0, color="grey", linewidth=0.8)
    sizes = sorted(table["body_count"].unique())
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    return _with_legend(figure)


def convergence_figure(found: Sequence[Convergence]) -> Figure:
    """Error over step size, one panel for each assembly, observed orders in the legends."""
    titles = list(dict.fromkeys(item.title for item in found))
    figure, panels = _panels(titles, "dt [s]", "largest angle error [rad]")
    for item in found:
        axes = panels[item.title]
        label = f"{item.integrator}: order {item.order}"
        axes.plot(item.steps, item.errors, marker=MARKERS[item.integrator], label=label)
        axes.axhline(max(item.floor, 1e-16), color="grey", linewidth=0.6, linestyle=":")
    return _with_legend(figure)


def work_precision_figure(
    curves: Mapping[CurveKey, Sequence[Curve]], titles: Mapping[CurveKey, str]
) -> Figure:
    """Run time over error, one panel for each assembly: colours are integrators, lines are backends."""
    figure, panels = _panels(
        list(dict.fromkeys(titles.values())), "largest angle error [rad]", "run time [s]"
    )
    backends = list(dict.fromkeys(curve.backend for same in curves.values() for curve in same))
    for key, same in curves.items():
        for curve in same:
            points = sorted(curve.points, key=lambda point: point.dt)
            panels[titles[key]].plot(
                [point.error for point in points],
                [point.median for point in points],
                color=f"C{list(MARKERS).index(curve.integrator)}",
                marker=MARKERS[curve.integrator],
                linestyle=LINES[backends.index(curve.backend) % len(LINES)],
                label=curve.label,
            )
    return _with_legend(figure)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as SVG; the same data give the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context({"svg.hashsalt": "molenspin", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


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
    for dim, position in (member or {}).items():
        if dim not in members or isinstance(position, bool) or not isinstance(position, (int, np.integer)):
            raise InvalidTypeError(
                f"plot takes a position along {list(members)}, not {dim} = {position!r:.80}"
            )
        if not -dataset.sizes[dim] <= position < dataset.sizes[dim]:
            raise InvalidValueError(f"plot: {dim} = {position} of {dataset.sizes[dim]} does not exist")
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
        axes.plot(values["time"], body.transpose("time"), label=_plain(str(body["body"].item())))
    axes.set_ylabel(f"{values.attrs.get('long_name', values.name)} [{values.attrs.get('units', '')}]")
    axes.legend(fontsize="small", ncols=4)


def _single(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure, panels = _panels([""], x_label, y_label)
    return figure, panels[""]


def _panels(titles: Sequence[str], x_label: str, y_label: str) -> tuple[Figure, dict[str, Axes]]:
    """A log-log panel for each title, on shared axes."""
    columns = min(PANEL_COLUMNS, max(1, len(titles)))
    rows = max(1, ceil(len(titles) / columns))
    figure = Figure(figsize=(5.5 * columns, 4.2 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(titles) :]:
        axes.set_axis_off()
    panels = dict(zip(titles, grid.flat, strict=False))
    for title, axes in panels.items():
        axes.set(xscale="log", yscale="log", title=_plain(title), xlabel=x_label, ylabel=y_label)
        axes.grid(visible=True, linewidth=0.4)
    return figure, panels


def _with_legend(figure: Figure) -> Figure:
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            axes.legend(handles, [_plain(label) for label in labels], fontsize="small")
    return figure


def _plain(name: str) -> str:
    """A name from anyone's file: no formula of Matplotlib, and no character that XML does not have."""
    return visible(name).replace("$", r"\$")
