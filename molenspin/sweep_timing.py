"""Time what a sweep simulates: every assembly, step and integrator, on every backend of the sweep."""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce

from molenspin.assembly.compile import compile_assembly, compile_ensemble
from molenspin.backends.protocol import Execution
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import simulation_settings
from molenspin.backends.workload import Contender, Workload
from molenspin.config import Config
from molenspin.errors import InvalidValueError
from molenspin.sweep.cases import Series, expand, steps_per_sample
from molenspin.timing import Schedule, TimingResults, merge_timing, time_backends

LARGEST_ENSEMBLE = 64
"""Members that are timed at most, of a series that varies parameters."""


def time_sweep(config: Config, *, progress: Callable[[str], None] = lambda _: None) -> TimingResults:
    """Time the workloads of a sweep, alone on the machine.

    Parameters
    ----------
    config
        The configuration; its section ``timing`` says how often, and which cases.
    progress
        Called with one line before each workload.

    Raises
    ------
    InvalidValueError
        If ``timing.where`` leaves nothing.
    """
    chosen = [series for series in _timed(config) if series.case_count]
    if not chosen:
        raise InvalidValueError("timing.where: no case is left; loosen it, or set timing.repeats to 0")
    timing = config.timing
    schedule = Schedule(
        repeats=timing.repeats, warm_up=timing.warm_up, budget=timing.budget, visits=timing.visits
    )
    sessions = [
        time_backends(
            workloads,
            [_contender(backend, config) for backend in backends],
            schedule=schedule,
            threads=timing.threads,
            progress=progress,
        )
        for backends, workloads in _by_backends(chosen, config)
    ]
    return reduce(merge_timing, sessions)


def _timed(config: Config) -> Iterator[Series]:
    for series in expand(config):
        yield series.where(config.timing.where, "timing.where") if config.timing.where else series


def _by_backends(
    chosen: Sequence[Series], config: Config
) -> Iterator[tuple[tuple[str, ...], list[Workload]]]:
    """Workloads by the backends that are to run them, for each session times all against all."""
    series_of: dict[tuple[object, ...], list[Series]] = {}
    for series in chosen:
        shape = (series.source.content, series.dt, series.integrator, series.parameter_names)
        series_of.setdefault(shape, []).append(series)
    sessions: dict[tuple[str, ...], list[Workload]] = {}
    for same in series_of.values():
        backends = tuple(dict.fromkeys(series.backend for series in same))
        sessions.setdefault(backends, []).append(_workload(same[0], config))
    yield from sessions.items()


def _workload(series: Series, config: Config) -> Workload:
    simulation = config.simulation
    settings = simulation_settings(
        duration=simulation.duration,
        dt=series.dt,
        integrator=series.integrator,
        save_every=steps_per_sample(series.dt, simulation),
        tolerance=simulation.tolerance,
        newton_limit=simulation.newton_limit,
    )
    assembly = series.source.assembly
    members = series.parameters[:LARGEST_ENSEMBLE]
    columns = dict(zip(series.parameter_names, members.T, strict=True))
    return Workload(
        assembly=series.source.family or series.source.name,
        compiled=compile_ensemble(assembly, columns) if columns else compile_assembly(assembly),
        settings=settings,
    )


def _contender(backend: str, config: Config) -> Contender:
    execution = Execution(threads=config.timing.threads, device=config.execution.device)
    return Contender(label=backend, backend=get_backend(backend), execution=execution)
