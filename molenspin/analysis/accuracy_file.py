"""Read the accuracy table that a sweep wrote, and refuse a file that is damaged."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from molenspin.errors import MolenspinError
from molenspin.integrators import Integrator
from molenspin.output.sealed_files import read_sealed, write_sealed
from molenspin.output.spreadsheets import read_csv
from molenspin.status import CaseStatus

TEXTS = ("assembly", "integrator", "backend", "status", "message", "reference", "key")
NUMBERS = (
    "body_count",
    "duration",
    "dt",
    "angle_max",
    "angle_uncertainty",
    "energy_drift",
    "energy_imbalance",
    "max_residual",
)
"""Columns that reports and figures need; the file has more, and one for each varied parameter."""

SEAL_KIND = "checksums of tables"

POSITIVE = ("body_count", "duration", "dt")


def seal_path(path: Path) -> Path:
    """The file beside a table that holds its checksum."""
    return path.with_suffix(".seal.json")


def seal_accuracy(path: Path) -> None:
    """Write the checksum of a table beside it."""
    write_sealed(
        seal_path(path), {"table": sha256(path.read_bytes()).hexdigest()}, key=path.name, kind=SEAL_KIND
    )


def read_accuracy(path: Path) -> pd.DataFrame:
    """The table of `molenspin.analysis.stored.stored_accuracy` from its CSV file.

    Raises
    ------
    MolenspinError
        If the file cannot be read, is cut off, has a wrong column or value, or is not as it was sealed:
        names it. A table without a checksum beside it, as one that was copied alone, is read too.
    """
    try:
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            raise MolenspinError(f"{path}: not a whole table of accuracy: its last line is cut off")
        _check_seal(path, content)
        table = read_csv(path, dtype=dict.fromkeys(TEXTS, str))
    except (OSError, ValueError) as error:
        raise MolenspinError(f"{path}: not a table of accuracy: {error}") from error
    missing = [name for name in (*TEXTS, *NUMBERS) if name not in table]
    if missing:
        raise MolenspinError(f"{path}: not a table of accuracy: no column {', '.join(missing)}")
    return _checked(table.fillna(dict.fromkeys(TEXTS, "")), path) if len(table) else table


def _check_seal(path: Path, content: bytes) -> None:
    seal = seal_path(path)
    if seal.exists() and read_sealed(seal, kind=SEAL_KIND) != {"table": sha256(content).hexdigest()}:
        raise MolenspinError(
            f"{path}: changed since the sweep wrote it: run the workflow again, or delete {seal.name}"
        )


def _checked(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    parameters = [name for name in table.columns if "." in name]
    numbers = table[[*NUMBERS, *parameters]].apply(pd.to_numeric, errors="coerce")
    for name in numbers:
        _refuse(table[name], numbers[name].isna() & table[name].notna(), path)
    for name in POSITIVE:
        _refuse(table[name], ~((numbers[name] > 0) & np.isfinite(numbers[name])), path)
    _refuse(table["status"], _is_not_in(table["status"], (status.label for status in CaseStatus)), path)
    _refuse(table["integrator"], _is_not_in(table["integrator"], Integrator), path)
    return table.assign(**numbers)


def _is_not_in(column: "pd.Series[str]", allowed: Iterable[str]) -> "pd.Series[bool]":
    return ~column.isin([str(value) for value in allowed])


def _refuse(column: "pd.Series[str]", wrong: "pd.Series[bool]", path: Path) -> None:
    """Raise if a value is wrong: names the line, as editors count."""
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise MolenspinError(
            f"{path}: not a whole table of accuracy: {column.name} is {str(column.iloc[row])[:60]!r} "
            f"in case {row + 1}; run the workflow again"
        )
