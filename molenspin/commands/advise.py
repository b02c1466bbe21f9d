"""`molenspin advise`: the cheapest integrator, step and backend for a wanted accuracy of one assembly."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pandas as pd

from molenspin.analysis.advice import Advice, advise
from molenspin.analysis.speedups import BASELINE
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.assembly.yaml_format import load_assembly
from molenspin.backends.registry import available_backends, get_backend
from molenspin.backends.settings import check_positive
from molenspin.errors import InvalidValueError
from molenspin.report import wording
from molenspin.timing.statistics import Estimate, Interval

HELP = "find the cheapest setting that reaches a wanted accuracy"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    add = parser.add_argument
    add("--assembly", required=True, help="assembly file, or a family with its size, such as mill:24")
    add("--error", type=float, required=True, metavar="RADIANS", help="largest angle error allowed")
    add("--duration", type=float, default=2.0, metavar="S", help="time to simulate (default: %(default)s)")
    add("--backends", help="backends to time, with commas between (default: numpy and rust, if installed)")


def run(arguments: Namespace) -> int:
    """Print the answer and the table behind it."""
    check_positive("--error", arguments.error)
    check_positive("--duration", arguments.duration)
    assembly, backends = _assembly(arguments.assembly), _backends(arguments.backends)
    found = advise(
        assembly,
        error=arguments.error,
        duration=arguments.duration,
        backends=backends,
        progress=lambda line: print(f"... {line}", file=sys.stderr),
    )
    print(_answer(assembly, found))
    print(_table(found))
    return 0


def _assembly(text: str) -> Assembly:
    family, colon, size = text.rpartition(":")
    if colon and family in list(Family):
        if not size.isdecimal():
            raise InvalidValueError(f"--assembly {text}: the size must be a number of bodies, as in mill:24")
        return benchmark_assembly(family, int(size))
    return load_assembly(Path(text))


def _backends(text: str | None) -> list[str]:
    """The backends, the baseline first, so that the fastest looks for the step."""
    if text is None:
        return [name for name in available_backends() if name in ("numpy", "rust")]
    names = text.split(",")
    for name in names:
        get_backend(name)
    return sorted(names, key=lambda name: name != "numpy")


def _answer(assembly: Assembly, found: Advice) -> str:
    table = found.table()
    if table.get("seconds") is None or table["seconds"].isna().all():
        return f"{assembly.name}: no integrator reached {found.error:g} rad over {found.duration:g} s"
    best = table.iloc[0]
    return (
        f"{assembly.name}, {found.duration:g} s, error at most {found.error:g} rad: use {best['integrator']} "
        f"with dt = {best['dt']:.6g} s on backend {best['backend']}\n"
        f"error {wording.power(best['error'])} rad (reference known to {wording.power(found.uncertainty)}), "
        f"run time {wording.seconds(best['seconds'])}{_gain(table)}"
    )


def _gain(table: pd.DataFrame) -> str:
    """How much faster the best is than the baseline at its own best for the same error."""
    best, baseline = table.iloc[0], table[(table["backend"] == BASELINE) & table["seconds"].notna()]
    if best["backend"] == BASELINE or baseline.empty:
        return ""
    theirs = baseline.iloc[0]
    known = None
    if pd.notna(theirs["seconds_low"]) and pd.notna(best["seconds_low"]):
        # Ends of both intervals against each other: wider than 95%.
        known = Interval(
            float(theirs["seconds_low"] / best["seconds_high"]),
            float(theirs["seconds_high"] / best["seconds_low"]),
        )
    gained = wording.speedup(Estimate(value=float(theirs["seconds"] / best["seconds"]), interval=known))
    return (
        f", {gained} as fast as {BASELINE} at its best, {theirs['integrator']} with dt = {theirs['dt']:.6g} s"
    )


def _table(found: Advice) -> str:
    table = found.table()
    shown = table.assign(error=table["error"].map(wording.power))
    if "dt" in table:
        shown["dt"] = table["dt"].map(lambda dt: "–" if dt != dt else f"{dt:.6g}")  # noqa: PLR0124  (NaN)
        shown["run time"] = table["seconds"].map(wording.seconds)
        low, high = table["seconds_low"].map(wording.seconds), table["seconds_high"].map(wording.seconds)
        shown["95% interval"] = (low + " to " + high).replace("– to –", "–")
        shown = shown.drop(columns=["seconds", "seconds_low", "seconds_high"])
    order = ["integrator", "dt", "backend", "error", "run time", "95% interval", "note"]
    names = {"dt": "dt [s]", "error": "error [rad]"}
    listed = [name for name in order if name in shown]
    return shown[listed].fillna("–").rename(columns=names).to_string(index=False)
