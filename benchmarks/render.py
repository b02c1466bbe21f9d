"""Puts the tables into README.md: `python -m benchmarks.render`.

Each section stands between two comments, `<!-- begin NAME -->` and `<!-- end NAME -->`, and is made from the
files `results/NAME*.json`. A section without results is left as it is.
"""

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.gpu_tables import gpu_ensembles_table, gpu_single_table
from benchmarks.records import Records
from benchmarks.session import RESULTS
from benchmarks.tables import (
    ensemble_rivals_table,
    ensembles_table,
    latency_table,
    recording_table,
    rivals_table,
    scaling_table,
)
from molenspin.timing import Environment

README = Path(__file__).parent / "README.md"

SECTIONS: dict[str, Callable[[Records], str]] = {
    "rivals": rivals_table,
    "latency": latency_table,
    "ensembles": ensembles_table,
    "ensemble_rivals": ensemble_rivals_table,
    "recording": recording_table,
    "scaling": scaling_table,
    "gpu_single": gpu_single_table,
    "gpu_ensembles": gpu_ensembles_table,
}


def main() -> int:
    """Render every section that has results."""
    README.write_text(render(README.read_text(), RESULTS))
    return 0


def render(document: str, results: Path) -> str:
    """The document with its sections filled from the folder of results."""
    for name, table in SECTIONS.items():
        paths = list(results.glob(f"{name}*.json"))
        if paths:
            document = _replace(document, name, section(Records.load(paths), table))
    return document


def section(records: Records, table: Callable[[Records], str]) -> str:
    """A table with the machine and the commands that made it."""
    commands = "\n".join(f"    {environment.command}" for environment in records.environments)
    return f"{machine(records.environments[0])}\n\n{commands}\n\n{table(records)}"


def machine(environment: Environment) -> str:
    """One line on the machine."""
    known = {name: version for name, version in environment.versions.items() if version != "unknown"}
    versions = ", ".join(f"{name} {version}" for name, version in known.items())
    load = f", load {environment.load[0]:.1f} at the start" if environment.load else ""
    return (
        f"{environment.cpu_model}, {environment.cpu_count} processors, {environment.threads.threads} used"
        f"{load}; {environment.started[:10]}; {versions}"
    )


def _replace(document: str, name: str, text: str) -> str:
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(document):
        raise ValueError(f"README.md lacks the section {begin} ... {end}")
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", document)


if __name__ == "__main__":
    raise SystemExit(main())
