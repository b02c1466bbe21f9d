"""Step rates of this machine: from the records of earlier runs, or from a calibration of a few seconds."""

from collections.abc import Mapping, Sequence
from statistics import median
from time import perf_counter

from molenspin.assembly.compile import compile_assembly
from molenspin.backends.protocol import Execution
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import simulation_settings
from molenspin.output.publication import machine_name
from molenspin.pipeline.project import Project
from molenspin.simulation.history import allocate_history
from molenspin.store.records import load_records
from molenspin.sweep.batches import Batch
from molenspin.sweep.cases import Series

CALIBRATION_SECONDS = 0.3
"""A calibration run is made longer until it takes this much."""


def rate_key(series: Series) -> str:
    """Under which name the rate of a series is kept: ``rust/rk4/24``."""
    return f"{series.backend}/{series.integrator}/{series.source.body_count}"


def measured_rates(project: Project) -> dict[str, float]:
    """Body-evaluations per second that earlier runs on this machine reached, the median where several did."""
    found: dict[str, list[float]] = {}
    places = project.places
    for folder in places.folder.parent.glob(f"*/{places.records.name}"):
        for record in load_records(folder):
            if record.machine == machine_name():
                for key, rate in record.rates.items():
                    found.setdefault(key, []).append(rate)
    return {key: median(rates) for key, rates in found.items()}


def calibrated_rates(
    project: Project, batches: Sequence[Batch], known: Mapping[str, float]
) -> dict[str, float]:
    """The known rates, and those that the batches need besides, measured now."""
    rates = dict(known)
    for number in dict.fromkeys(batch.series for batch in batches):
        series = project.plan.series[number]
        if rate_key(series) not in rates:
            rates[rate_key(series)] = _measure(series)
    return rates


def core_seconds(
    project: Project, batches: Sequence[Batch], rates: Mapping[str, float]
) -> tuple[float, list[str]]:
    """Expected run time of the batches [s] on one core, and what its rates are not known for."""
    total, unknown = 0.0, []
    for batch in batches:
        series = project.plan.series[batch.series]
        evaluations = series.integrator.evaluations_per_step * project.config.simulation.duration / series.dt
        work = evaluations * series.source.body_count * batch.case_count
        if rate_key(series) in rates:
            total += work / rates[rate_key(series)]
        else:
            unknown.append(rate_key(series))
    return total, sorted(set(unknown))


def _measure(series: Series) -> float:
    compiled = compile_assembly(series.source.assembly)
    backend, step_count = get_backend(series.backend), 10
    while True:
        settings = simulation_settings(
            duration=step_count * series.dt, dt=series.dt, integrator=series.integrator, save_every=10
        )
        history = allocate_history(compiled, settings, reaction=False)
        begin = perf_counter()
        backend.run(compiled, settings, Execution(threads=1), history)
        elapsed = perf_counter() - begin
        if elapsed >= CALIBRATION_SECONDS or step_count >= 10**6:
            return step_count * series.integrator.evaluations_per_step * compiled.body_count / elapsed
        step_count *= 10 if elapsed < CALIBRATION_SECONDS / 10 else 2
