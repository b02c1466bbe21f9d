"""CSV files in which a spreadsheet program finds text and numbers, never formulas."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from molenspin.output.terminal import visible

FORMULA_STARTS = ("=", "+", "-", "@", "\t")
"""A text that begins with one of these may be run as a formula; an apostrophe before it makes it text."""

APOSTROPHE = "'"


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table with all digits; texts that a spreadsheet would run get an apostrophe in front.

    Control characters become visible: a carriage return would begin a row.
    """
    _in_texts(table, _defused).to_csv(path, index=False)


def read_csv(path: Path, **options: Any) -> pd.DataFrame:  # noqa: ANN401
    """Read what `write_csv` wrote: the same texts, without the apostrophes.

    Parameters
    ----------
    path
        The file.
    **options
        Of `pandas.read_csv`.
    """
    return _in_texts(pd.read_csv(path, **options), _restored)


def _in_texts(table: pd.DataFrame, change: Callable[[object], object]) -> pd.DataFrame:
    """The table with every text and every column's name changed; columns of numbers stay as they are."""
    changed: pd.DataFrame = table.apply(
        # A column of texts that are all missing stays one of texts.
        lambda it: it if is_numeric_dtype(it) else it.map(change).astype(it.dtype)
    )
    return changed.rename(columns=change)


def _defused(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = visible(value)
    # A text that begins with an apostrophe gets another one, so that reading takes away what writing added.
    return f"{APOSTROPHE}{text}" if text.startswith((*FORMULA_STARTS, APOSTROPHE)) else text


def _restored(value: object) -> object:
    return value.removeprefix(APOSTROPHE) if isinstance(value, str) else value
