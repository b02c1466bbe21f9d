"""What was run, and on what."""

from collections.abc import Iterable

import pandas as pd

from molenspin.analysis.convergence import ERROR
from molenspin.analysis.results import SweepResults
from molenspin.report import wording
from molenspin.timing import Environment

LISTED = 12
"""Values that are listed one by one; of more, the first and the last."""


def run_facts(results: SweepResults) -> dict[str, str]:
    """The sweep in a few lines."""
    table = results.accuracy
    if not len(table):
        return {}
    assemblies = table[["assembly", "body_count"]].drop_duplicates()
    counts = table["status"].value_counts()
    return {
        "assemblies": _listed(f"{a} ({n} bodies)" for a, n in assemblies.itertuples(index=False)),
        "step sizes": _listed(wording.step(dt) for dt in sorted(table["dt"].dropna().unique())),
        "integrators": _listed(table["integrator"].dropna().unique()),
        "backends": _listed(table["backend"].dropna().unique()),
        "time simulated": _listed(f"{duration:g} s" for duration in table["duration"].unique()),
        "cases": ", ".join(f"{count} {status}" for status, count in counts.items()),
        **_checks(results),
    }


def _checks(results: SweepResults) -> dict[str, str]:
    table = results.finished
    return {
        "reference solution": _reference(table, results.reference_uncertainty),
        "largest constraint violation": wording.power(table["max_residual"].max()),
    }


def _reference(finished: pd.DataFrame, uncertainty: float | None) -> str:
    if uncertainty is None:
        return "none"
    methods = _listed(finished.loc[finished[ERROR].notna(), "reference"].unique())
    return f"{methods}; known to {wording.power(uncertainty)} rad or better"


def machine_facts(results: SweepResults) -> list[dict[str, str]]:
    """Each timing session: machine, threads, load, versions."""
    environments = results.timing.environments if results.timing else ()
    return [_machine(environment) for environment in environments]


def _machine(environment: Environment) -> dict[str, str]:
    threads = environment.threads
    facts = {
        "machine": environment.machine,
        "processor": f"{environment.cpu_model}, {environment.cpu_count} logical",
        "devices": ", ".join(environment.devices),
        "frequency governor": environment.governor or "not readable",
        "load at the start": ", ".join(f"{value:.2f}" for value in environment.load or ()),
        "threads": f"{threads.threads}, on processors {', '.join(map(str, threads.processors)) or 'unknown'}",
        "thread pools": ", ".join(threads.pools),
        "timed from": environment.started,
        "compiled core": environment.build_profile or "not installed",
        "versions": ", ".join(f"{name} {version}" for name, version in environment.versions.items()),
    }
    return {name: value for name, value in facts.items() if value}


def _listed(values: Iterable[object]) -> str:
    texts = [str(value) for value in values]
    if len(texts) <= LISTED:
        return ", ".join(texts)
    return f"{texts[0]} … {texts[-1]} ({len(texts)} in all)"
