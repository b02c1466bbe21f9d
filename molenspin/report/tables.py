"""The report's tables: the same numbers as the files, in the words of a page."""

from typing import Any

import pandas as pd

from molenspin.analysis.convergence import parameter_columns
from molenspin.analysis.speedups import members_text
from molenspin.report import wording
from molenspin.timing.statistics import Interval


def speedup_view(table: pd.DataFrame) -> pd.DataFrame:
    """Times and speedups at equal step."""
    return pd.DataFrame(
        {
            "assembly": _assembly(row),
            "integrator": row["integrator"],
            "dt": wording.step(row["dt"]),
            "backend": row["backend"],
            "error [rad]": wording.error(row["error"], row["uncertainty"]),
            "median": wording.seconds(row["median"]),
            "speedup": wording.factor(row["speedup"]),
            "95% interval": _interval(row),
            "first call": wording.seconds(row["first_call"]),
            "memory: host, device": ", ".join(
                wording.memory(row[name]) for name in ("peak_memory", "peak_device_memory")
            ),
            "runs": row["runs"],
            "note": row["note"],
        }
        for _, row in table.iterrows()
    )


def equal_error_view(table: pd.DataFrame) -> pd.DataFrame:
    """Times and speedups at equal error."""
    return pd.DataFrame(
        {
            "assembly": _assembly(row),
            "error [rad]": wording.power(row["error"]),
            "backend": row["backend"],
            "integrator": row.get("integrator") if pd.notna(row.get("integrator")) else "–",
            "dt": wording.step(row["dt"]) if pd.notna(row.get("dt")) else "–",
            "run time": wording.seconds(row.get("seconds")),
            "speedup": wording.factor(row.get("speedup")),
            "95% interval": _interval(row),
            "note": row["note"] if pd.notna(row["note"]) else "",
        }
        for _, row in table.iterrows()
    )


def failed_view(table: pd.DataFrame) -> pd.DataFrame:
    """Cases that did not end well, with their reasons."""
    columns = {
        "assembly": "assembly",
        "body_count": "bodies",
        "integrator": "integrator",
        "dt": "dt [s]",
        "backend": "backend",
        "status": "status",
        "message": "reason",
    }
    shown = [name for name in (*columns, *_varied(table)) if name in table]
    return table[shown].rename(columns=columns)


def without_error_view(table: pd.DataFrame) -> pd.DataFrame:
    """Cases that ran to their end and have no error, with the reasons."""
    columns = {"assembly": "assembly", "body_count": "bodies", "integrator": "integrator", "dt": "dt [s]"}
    shown = table.rename(columns=columns)[[*columns.values(), *_varied(table)]] if len(table) else table
    return shown.assign(reason=table["reference"]) if len(table) else shown


def _varied(table: pd.DataFrame) -> list[str]:
    """Parameters that the cases of a table have."""
    return [name for name in parameter_columns(table) if table[name].notna().any()]


def _assembly(row: "pd.Series[Any]") -> str:
    members = members_text(row["member_count"], row["parameters"])
    return f"{row['assembly']}, {row['body_count']} bodies{members}"


def _interval(row: "pd.Series[Any]") -> str:
    low, high = row.get("speedup_low"), row.get("speedup_high")
    return "–" if pd.isna(low) or pd.isna(high) else wording.interval(Interval(low, high))
