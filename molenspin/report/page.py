"""Puts the report together: text, tables, plots, flamegraphs and Plotly's own code in one file."""

import gzip
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from molenspin.analysis.break_even import break_even_table
from molenspin.analysis.convergence import orders_table
from molenspin.analysis.results import SweepResults
from molenspin.output.publication import publishable
from molenspin.report import wording
from molenspin.report.answer import answer_rows, answer_summary
from molenspin.report.plots import report_plots
from molenspin.report.provenance import machine_facts, run_facts
from molenspin.report.tables import equal_error_view, failed_view, speedup_view, without_error_view

WANTED_ERROR = 1e-6
"""Error [rad] that the page answers first."""

DRAWING_HEIGHT = 540
NO_ADDRESS_BAR = "History.prototype.replaceState = function () {}"

OTHER_ERRORS = (1e-2, 1e-4, 1e-8, 1e-10)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a report shows.

    Parameters
    ----------
    title
        Name of the sweep.
    results
        Accuracy and timing.
    config
        Configuration of the sweep, for the provenance.
    flamegraphs
        Drawings (SVG) by title.
    left_out
        Why a drawing is missing, a line for each.
    error
        Error [rad] that is answered first.
    """

    title: str
    results: SweepResults
    config: Mapping[str, Any] = field(default_factory=dict)
    flamegraphs: Mapping[str, str] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    error: float = WANTED_ERROR


def write_report(report: Report, path: Path) -> None:
    """Write the page, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(render_report(report), encoding="utf-8")
    temporary.replace(path)


def render_report(report: Report) -> str:
    """The page as HTML: names from results are escaped, nothing is fetched from elsewhere."""
    results = report.results
    environment = Environment(loader=PackageLoader("molenspin.report", "."), autoescape=True)
    plots = {name: _embedded(figure.to_plotly_json()) for name, figure in report_plots(results).items()}
    return environment.get_template("page.html").render(
        title=report.title,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        error=wording.power(report.error),
        summary=answer_summary(results, report.error),
        answers=answer_rows(results, report.error),
        other_answers={wording.power(error): answer_rows(results, error) for error in _others(report.error)},
        plots=plots,
        plotly=plotly_code(),
        speedup=_html(speedup_view(results.speedup)),
        equal_error=_html(equal_error_view(results.equal_error())),
        orders=_html(orders_table(results.convergence)),
        break_even=_html(break_even_table(results.speedup)),
        failed=_html(failed_view(results.failed)),
        failed_count=len(results.failed),
        without_error=_html(without_error_view(results.without_error)),
        without_error_count=len(results.without_error),
        run=run_facts(results),
        machines=machine_facts(results),
        config=dumps(publishable(report.config), indent=1, default=str) if report.config else "",
        flamegraphs={name: _framed(drawing) for name, drawing in report.flamegraphs.items()},
        left_out=report.left_out,
    )


@cache
def plotly_code() -> str:
    """Plotly's JavaScript as the installed package ships it: gzip in base64, unpacked by the browser."""
    return b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode()


def _others(error: float) -> Sequence[float]:
    return [other for other in OTHER_ERRORS if other != error]


def _embedded(figure: Mapping[str, Any]) -> Markup:
    """A figure as JSON inside a script element: nothing in it can end the element."""
    from plotly.utils import PlotlyJSONEncoder

    text = dumps(figure, cls=PlotlyJSONEncoder)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _html(table: pd.DataFrame) -> Markup:
    if table.empty:
        return Markup()
    shown = table.rename(columns=lambda name: escape(str(name))).map(lambda value: escape(str(value)))
    return Markup(shown.to_html(index=False, border=0, escape=False))


def _framed(drawing: str) -> dict[str, object]:
    """A drawing as a document of its own, and the height [px] that it wants."""
    # Zooming notes itself in the address bar, which a document inside a page does not have.
    standalone = drawing.replace("<script", f"<script>{NO_ADDRESS_BAR}</script><script", 1)
    height = re.search(r'<svg[^>]* height="(\d{1,4})"', drawing)
    return {
        "address": "data:image/svg+xml;base64," + b64encode(standalone.encode()).decode(),
        "height": int(height[1]) if height else DRAWING_HEIGHT,
    }
