"""The report's plots, as Plotly figures; the page gives them the colours of its light or dark theme."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from math import ceil
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from molenspin.analysis.results import SweepResults
from molenspin.analysis.speedups import by_size
from molenspin.report import wording
from molenspin.timing.statistics import median_estimate

COLOURS = {"rk4": "#3f7fd1", "verlet": "#dd8125", "euler": "#3a9e6f"}
SYMBOLS = {"rk4": "circle", "verlet": "square", "euler": "triangle-up"}
DASHES = ("dash", "solid", "dot", "dashdot", "longdash")
PHASE_COLOURS = ("#3f7fd1", "#dd8125", "#3a9e6f", "#b05cc6", "#8a8f98")

PANEL_COLUMNS = 2
PANEL_LIMIT = 12
"""Panels of one plot; the tables hold the rest."""

STEP_TICKS = 6
"""Step sizes that are all written on the axis; of more, the powers of ten."""

PANEL_HEIGHT = 330
LEGEND_HEIGHT = 90


def report_plots(results: SweepResults) -> dict[str, go.Figure]:
    """Every plot for which there are data, by name, in the order of the page."""
    plots = {
        "work-precision": work_precision_plot(results),
        "error": error_plot(results),
        "scaling": scaling_plot(results),
        "energy": energy_plot(results),
        "phases": phase_plot(results),
    }
    return {name: plot for name, plot in plots.items() if plot.data}


def work_precision_plot(results: SweepResults) -> go.Figure:
    """Run time over error: down and to the left is better."""
    titles = results.curve_titles
    panels = _Panels(list(titles.values()), "largest angle error [rad]", "run time [s]")
    backends = _backends(results)
    for key, curves in results.curves.items():
        for curve in curves:
            points = sorted(curve.points, key=lambda point: point.dt)
            medians = [median_estimate(point.wall) for point in points]
            panels.add(
                titles[key],
                curve.label,
                _style(str(curve.integrator), backends.index(curve.backend)),
                x=[point.error for point in points],
                y=[median.value for median in medians],
                error_y=_bars([(m.value, m.interval) for m in medians]),
                text=[f"dt = {wording.step(point.dt)}" for point in points],
            )
    return panels.figure.update_xaxes(dtick=2)


def error_plot(results: SweepResults) -> go.Figure:
    """Error over step size; the slope is the order."""
    panels = _Panels([item.title for item in results.convergence], "dt [s]", "largest angle error [rad]")
    for item in results.convergence:
        panels.add(
            item.title,
            str(item.integrator),
            _style(str(item.integrator), 1),
            x=list(item.steps),
            y=list(item.errors),
            text=[f"observed order {item.order}"] * len(item.steps),
        )
    _mark_steps(panels, {step for item in results.convergence for step in item.steps})
    return panels.figure


def scaling_plot(results: SweepResults) -> go.Figure:
    """Run time and speedup over the number of bodies, at the smallest step of each."""
    panels = _Panels(["run time per step", "speedup at equal step"], "bodies", "", shares_y=False)
    if results.speedup.empty:
        return panels.figure
    backends = _backends(results)
    timed = results.speedup.dropna(subset=["median"])
    for item in by_size(timed):
        finest, label = item.rows, item.label
        style = _style(item.integrator, backends.index(item.backend))
        per_step = (finest["median"] / finest["step_count"]).tolist()
        panels.add("run time per step", label, style, x=finest["body_count"].tolist(), y=per_step)
        faster = finest.dropna(subset=["speedup", "speedup_low"])
        bars = {
            "array": (faster["speedup_high"] - faster["speedup"]).tolist(),
            "arrayminus": (faster["speedup"] - faster["speedup_low"]).tolist(),
        }
        panels.add(
            "speedup at equal step",
            label,
            style,
            x=faster["body_count"].tolist(),
            y=faster["speedup"].tolist(),
            error_y=bars,
        )
    panels.figure.update_yaxes(title="run time per step [s]", col=1)
    panels.figure.update_yaxes(title="speedup over the baseline", type="linear", col=2)
    panels.figure.update_yaxes(rangemode="tozero", dtick=None, col=2)
    sizes = sorted(timed["body_count"].unique().tolist())
    panels.mark(sizes, map(str, sizes))
    return panels.figure


def energy_plot(results: SweepResults) -> go.Figure:
    """Energy drift where energy is conserved, else what the power balance misses, over the step size."""
    finished = results.finished
    titles = _assembly_titles(finished)
    panels = _Panels(list(titles.unique()), "dt [s]", "share of the energy turned over")
    for (title, integrator), cases in finished.groupby([titles, "integrator"]):
        drift = cases["energy_drift"].fillna(cases["energy_imbalance"])
        by_step = drift.groupby(cases["dt"]).max().dropna()
        kind = "drift" if cases["energy_drift"].notna().any() else "missing in the power balance"
        if len(by_step):
            panels.add(
                str(title),
                str(integrator),
                _style(str(integrator), 1),
                x=by_step.index.tolist(),
                y=by_step.tolist(),
                text=[kind] * len(by_step),
            )
    _mark_steps(panels, set(finished["dt"].dropna()) if len(finished) else set())
    return panels.figure


def phase_plot(results: SweepResults) -> go.Figure:
    """Where each backend that can tell spends its time."""
    figure = go.Figure()
    shares = results.phase_shares
    for position, phase in enumerate(shares.columns):
        figure.add_bar(
            y=[escape(str(label)) for label in shares.index],
            x=shares[phase].tolist(),
            name=phase.replace("_", " "),
            orientation="h",
            marker={"color": PHASE_COLOURS[position % len(PHASE_COLOURS)]},
            hovertemplate="%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(_layout(height=LEGEND_HEIGHT + 70 + 26 * len(shares)), barmode="stack", bargap=0.35)
    figure.update_xaxes(tickformat=".0%", range=[0, 1], title="share of the run time")
    figure.update_yaxes(automargin=True, autorange="reversed")
    return figure


class _Panels:
    """Small multiples on log-log axes, one legend entry for a series in all panels."""

    def __init__(self, titles: Sequence[str], x_title: str, y_title: str, *, shares_y: bool = True) -> None:
        self._titles = list(dict.fromkeys(titles))[:PANEL_LIMIT] or [""]
        columns = min(PANEL_COLUMNS, len(self._titles))
        rows = ceil(len(self._titles) / columns)
        self.figure = make_subplots(
            rows=rows,
            cols=columns,
            subplot_titles=[escape(title) for title in self._titles],
            horizontal_spacing=0.12,
            vertical_spacing=0.25 / rows,
            shared_xaxes="all",
            shared_yaxes="all" if shares_y else False,
        )
        self._columns = columns
        self._named: set[str] = set()
        self.figure.update_layout(_layout(height=PANEL_HEIGHT * rows + LEGEND_HEIGHT))
        self.figure.update_xaxes(type="log", dtick=1, exponentformat="power", showticklabels=True)
        self.figure.update_yaxes(type="log", dtick=1, exponentformat="power", showticklabels=True)
        self.figure.update_xaxes(title=x_title, row=rows).update_yaxes(title=y_title, col=1)

    def mark(self, values: Iterable[float], labels: Iterable[str]) -> None:
        """Put the ticks of the horizontal axes where the data are."""
        self.figure.update_xaxes(tickvals=list(values), ticktext=list(labels))

    def add(self, title: str, label: str, style: dict[str, Any], **data: Any) -> None:  # noqa: ANN401
        """Draw a series in the panel of that title; its legend entry switches it in all panels."""
        if title not in self._titles:
            return
        row, column = divmod(self._titles.index(title), self._columns)
        name = escape(label)
        self.figure.add_scatter(
            row=row + 1,
            col=column + 1,
            name=name,
            legendgroup=name,
            showlegend=name not in self._named,
            mode="lines+markers",
            hovertemplate="%{x:.2~e}, %{y:.3~e}<br>%{text}<extra>%{fullData.name}</extra>"
            if "text" in data
            else "%{x}, %{y:.3~e}<extra>%{fullData.name}</extra>",
            **style,
            **data,
        )
        self._named.add(name)


def _mark_steps(panels: _Panels, steps: set[float]) -> None:
    if len(steps) <= STEP_TICKS:
        panels.mark(sorted(steps), [wording.step(step) for step in sorted(steps)])


def _style(integrator: str, backend_number: int) -> dict[str, Any]:
    colour = COLOURS.get(integrator, "#8a8f98")
    return {
        "line": {"color": colour, "dash": DASHES[backend_number % len(DASHES)], "width": 2},
        "marker": {"color": colour, "symbol": SYMBOLS.get(integrator, "diamond"), "size": 8},
    }


def _bars(medians: Sequence[tuple[float, Any]]) -> dict[str, Any]:
    return {
        "array": [found.high - value if found else 0.0 for value, found in medians],
        "arrayminus": [value - found.low if found else 0.0 for value, found in medians],
        "thickness": 1.2,
        "width": 3,
    }


def _layout(*, height: int) -> dict[str, Any]:
    return {
        "template": "none",
        "height": height,
        "margin": {"l": 70, "r": 20, "t": LEGEND_HEIGHT, "b": 60},
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "top", "yref": "container"},
        "hovermode": "closest",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def _backends(results: SweepResults) -> list[str]:
    """Backends in the order of the timings: the first, the baseline, is drawn dashed."""
    records: Iterator[Any] = iter(results.timing.records if results.timing else ())
    return list(dict.fromkeys(record.backend for record in records))


def _assembly_titles(cases: pd.DataFrame) -> "pd.Series[str]":
    if not len(cases):
        return pd.Series(dtype=str)
    return cases["assembly"].astype(str) + ", " + cases["body_count"].astype(str) + " bodies"
