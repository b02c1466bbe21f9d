"""The tables of a sweep, and how a table is written as CSV, Markdown and HTML."""

import html
import re
from pathlib import Path

import pandas as pd

from molenspin.analysis.convergence import orders_table
from molenspin.analysis.results import SweepResults
from molenspin.output.spreadsheets import write_csv
from molenspin.output.terminal import visible

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 14px system-ui; color-scheme: light dark; }}
table {{ border-collapse: collapse; }} th, td {{ padding: 0.2em 0.6em; text-align: right; }}</style>
</head><body><h1>{title}</h1>
{table}
</body></html>
"""

MARKDOWN_MARKS = re.compile(r"[\\|\[\]`]")
"""What ends a cell, escapes its end, or begins a link or code."""

EMPTY = "No rows: nothing of this kind was measured."


def result_tables(results: SweepResults) -> dict[str, pd.DataFrame]:
    """Tables of a sweep by name: ``speedup`` (at equal step), ``equal_error``, ``orders``."""
    return {
        "speedup": results.speedup,
        "equal_error": results.equal_error(),
        "orders": orders_table(results.convergence),
    }


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table beside ``path`` with the endings .csv (all digits), .md and .html (four digits).

    Texts are escaped: names may come from anyone's assembly files.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(table, path.with_suffix(".csv"))
    rounded = table.map(_text)
    path.with_suffix(".md").write_text(_markdown(rounded) if len(table) else f"{EMPTY}\n", encoding="utf-8")
    title = html.escape(path.stem.replace("_", " ").capitalize())
    body = rounded.to_html(index=False, border=0, escape=True) if len(table) else f"<p>{EMPTY}</p>"
    path.with_suffix(".html").write_text(PAGE.format(title=title, table=body), encoding="utf-8")


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124  (NaN)
        return ""
    return f"{value:.4g}" if isinstance(value, float) else visible(str(value))


def _markdown(table: pd.DataFrame) -> str:
    header = [visible(str(column)) for column in table.columns]
    rows = [header, ["---"] * len(header), *table.to_numpy().tolist()]
    return "".join("| " + " | ".join(_cell(value) for value in row) + " |\n" for row in rows)


def _cell(value: str) -> str:
    """Nothing in a text ends its cell, is markup, or loads a picture."""
    escaped = html.escape(" ".join(value.splitlines()), quote=False)
    return MARKDOWN_MARKS.sub(r"\\\g<0>", escaped)
