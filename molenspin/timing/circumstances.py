"""What else changed between two timing results: machine, versions, code, threads, load."""

from collections.abc import Iterator

from molenspin.argument_types import refuse_wrong_types
from molenspin.timing.environment import Environment
from molenspin.timing.records import TimingResults


@refuse_wrong_types
def changed_circumstances(first: TimingResults, second: TimingResults) -> list[str]:
    """Return one line for each circumstance that differs, and for each session on a busy machine.

    Parameters
    ----------
    first, second
        Results A and B.
    """
    before, after = _circumstances(first), _circumstances(second)
    changes = [
        f"{name}: {before.get(name, 'not there')} -> {after.get(name, 'not there')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    busy = [
        f"{label} was taken on a busy machine (load {environment.load[0]:.1f} on {environment.cpu_count} "
        "processors): a change may be the machine's"
        for label, results in (("A", first), ("B", second))
        for environment in results.environments
        if environment.load and environment.is_busy
    ]
    return changes + busy


def same_circumstances(first: Environment, second: Environment) -> bool:
    """Tell whether two sessions differ in nothing but the time, the load and the code."""
    before, after = (dict(_described(environment)) for environment in (first, second))
    return all(before.get(name) == after.get(name) for name in {*before, *after} - {"fingerprint"})


def _circumstances(results: TimingResults) -> dict[str, str]:
    """Every circumstance by name; values of several sessions side by side."""
    values: dict[str, set[str]] = {}
    for environment in results.environments:
        for name, value in _described(environment):
            values.setdefault(name, set()).add(value)
    return {name: ", ".join(sorted(several)) for name, several in values.items()}


def _described(environment: Environment) -> Iterator[tuple[str, str]]:
    yield "processor", environment.cpu_model
    yield "governor", environment.governor or "not readable"
    yield "devices", ", ".join(environment.devices) or "none"
    yield "threads", str(environment.threads.threads)
    yield from environment.versions.items()
