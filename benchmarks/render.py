"""Puts the tables into README.md: `python -m benchmarks.render`.

Each section stands between two comments, `<!-- begin NAME -->` and `<!-- end NAME -->`, and is made from the
file `results/NAME.json`. A section without results is left as it is.
"""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from benchmarks.records import Records
from benchmarks.session import RESULTS, progress
from molenspin.timing import Environment

README = Path(__file__).parent / "README.md"

SECTIONS: dict[str, str] = {
    "rivals": "benchmarks.tables:rivals_table",
    "latency": "benchmarks.tables:latency_tables",
    "ensembles": "benchmarks.ensemble_tables:ensembles_tables",
    "ensemble_rivals": "benchmarks.ensemble_tables:ensemble_rivals_table",
    "recording": "benchmarks.tables:recording_table",
    "scaling": "benchmarks.tables:scaling_table",
    "counters": "benchmarks.tables:counters_table",
    "gpu_single": "benchmarks.gpu_tables:gpu_single_table",
    "gpu_ensembles": "benchmarks.gpu_tables:gpu_ensembles_table",
}
"""Name of each section, and where its table is made: those of the GPU need PyTorch."""


def main() -> int:
    """Render every section that has results."""
    README.write_text(render(README.read_text(), RESULTS))
    return 0


def render(document: str, results: Path) -> str:
    """The document with its sections filled from the folder of results."""
    for name, place in SECTIONS.items():
        path = results / f"{name}.json"
        if not path.exists():
            continue
        try:
            table = _table(place)
        except ImportError as error:
            progress(f"{name} is left as it is: {error}")
            continue
        document = _replace(document, name, section(Records.load(path), table))
    return document


def _table(place: str) -> Callable[[Records], str]:
    module, _, function = place.partition(":")
    table: Callable[[Records], str] = getattr(import_module(module), function)
    return table


def section(records: Records, table: Callable[[Records], str]) -> str:
    """A table below the machine and the command of each session that it came from."""
    sessions = [f"{machine(known)}\n\n    {known.command}" for known in records.environments]
    return "\n\n".join([*sessions, table(records)])


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
