"""The table of published tooth counts, one gear stage a row, read into one value per mill."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from math import isfinite
from pathlib import Path

from molenspin.errors import InvalidValueError

COLUMNS = (
    "mill",
    "name",
    "place",
    "country",
    "type",
    "sail_span_m",
    "output_diameter_m",
    "published_ratio",
    "branch",
    "stage",
    "driver",
    "driver_teeth",
    "driven",
    "driven_teeth",
)


@dataclass(frozen=True)
class Stage:
    """One pair of wheels; ``branch`` tells apart what the wheels of one upright shaft drive."""

    branch: str
    driver: str
    driver_teeth: int
    driven: str
    driven_teeth: int

    @property
    def ratio(self) -> float:
        """Speed of the driven wheel over that of the driver, without sign."""
        return self.driver_teeth / self.driven_teeth


@dataclass(frozen=True)
class Mill:
    """A mill as published: what is None was not.

    Parameters
    ----------
    key
        Short name: that of its file and of its assembly.
    name, place, kind
        For people.
    sail_span, output_diameter
        Over both sails of a stock, and of the screw, the scoop wheel or the stones [m].
    published_ratio
        Turns of the output for one turn of the sails, as printed: its digits are its precision.
    stages
        From the sails on.
    """

    key: str
    name: str
    place: str
    kind: str
    sail_span: float | None
    output_diameter: float | None
    published_ratio: str | None
    stages: tuple[Stage, ...]

    @property
    def first_stage(self) -> Stage:
        """Brake wheel to wallower (or straight to the crank wheel)."""
        return self.stages[0]

    @property
    def output_stages(self) -> tuple[Stage, ...]:
        """The last stage of every branch."""
        return self.stages[1:] or self.stages

    def tooth_ratio(self, output: Stage) -> float:
        """Turns of an output for one turn of the sails, by tooth counts."""
        path = (self.first_stage,) if output is self.first_stage else (self.first_stage, output)
        return reduce(lambda ratio, stage: ratio * stage.ratio, path, 1.0)


def read_mills(path: Path) -> tuple[Mill, ...]:
    """Read the table.

    Raises
    ------
    InvalidValueError
        If the file cannot be read, or a column or a value is wrong; says the line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidValueError(f"cannot read {path}: {error}") from error
    missing = [column for column in COLUMNS if rows and column not in rows[0]]
    if missing or not rows:
        raise InvalidValueError(
            f"{path}: column {missing[0]!r} is missing" if missing else f"{path} is empty"
        )
    lines = [(f"{path}, line {number}", row) for number, row in enumerate(rows, start=2)]
    groups = groupby(lines, key=lambda line: line[1]["mill"])
    return tuple(_mill(key, list(group)) for key, group in groups)


def _mill(key: str, lines: Sequence[tuple[str, Mapping[str, str]]]) -> Mill:
    where, first = lines[0]
    stages = tuple(_stage(where, row) for where, row in lines)
    if any(stage.branch != "main" for stage in stages[:1]):
        raise InvalidValueError(f"{where}: the first stage of {key} must be of the branch main")
    return Mill(
        key=key,
        name=first["name"],
        place=first["place"],
        kind=first["type"],
        sail_span=_positive(where, "sail_span_m", first["sail_span_m"]) if first["sail_span_m"] else None,
        output_diameter=_diameter(where, first["output_diameter_m"]),
        published_ratio=_ratio(where, first["published_ratio"]),
        stages=stages,
    )


def _stage(where: str, row: Mapping[str, str]) -> Stage:
    return Stage(
        branch=row["branch"],
        driver=row["driver"],
        driver_teeth=_teeth(where, "driver_teeth", row["driver_teeth"]),
        driven=row["driven"],
        driven_teeth=_teeth(where, "driven_teeth", row["driven_teeth"]),
    )


def _diameter(where: str, text: str) -> float | None:
    """The column holds what it measures too: ``screw 1.48``."""
    return _positive(where, "output_diameter_m", text.rpartition(" ")[2]) if text else None


def _ratio(where: str, text: str) -> str | None:
    if text:
        _positive(where, "published_ratio", text)
    return text or None


def _teeth(where: str, column: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise InvalidValueError(f"{where}: {column} must be a whole number of teeth, not {text!r}")
    return int(text)


def _positive(where: str, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (isfinite(value) and value > 0):
        raise InvalidValueError(f"{where}: {column} must be a number above 0, not {text!r}")
    return value
