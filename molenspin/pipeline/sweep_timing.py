"""Time what a sweep simulates: every assembly, step and integrator, on every backend of the sweep."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.compile import compile_assembly, compile_ensemble
from molenspin.backends.protocol import Execution
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import simulation_settings
from molenspin.backends.workload import Contender, Workload, content_of
from molenspin.config import Config
from molenspin.errors import InvalidValueError
from molenspin.integrators import Integrator
from molenspin.provenance import backend_fingerprint
from molenspin.sweep.cases import Identities, Series, case_key, expand, steps_per_sample
from molenspin.sweep.layout import series_labels
from molenspin.timing import Environment, Schedule, TimingCase, TimingRecord, TimingResults, time_backends
from molenspin.timing.archive import ArchivedSession, ArchivedTiming, TimingArchive
from molenspin.timing.measure import case_of
from molenspin.timing.table import DEFAULT_BASELINE

Shape: TypeAlias = tuple[str, float, Integrator, tuple[str, ...]]
"""Content of the assembly, step, integrator, varied parameters: series of one shape can share a workload."""

LARGEST_ENSEMBLE = 64
"""Members that are timed at most, of a series that varies parameters."""


def time_sweep(
    config: Config, folder: Path, *, progress: Callable[[str], None] = lambda _: None
) -> TimingResults:
    """The timings of a sweep; what its archive lacks is timed now, alone on the machine.

    Parameters
    ----------
    config
        The configuration; its section ``timing`` says how often, and which cases.
    folder
        The archive: finished timings are kept here and used again.
    progress
        Called with one line before each workload.

    Returns
    -------
    TimingResults
        Of what the configuration asks for. A backend is timed together with the baseline, so that a speedup
        is a ratio inside one session; what was timed earlier keeps its own session.

    Raises
    ------
    InvalidValueError
        If ``timing.where`` leaves nothing.
    """
    wanted = list(_wanted(config))
    if not wanted:
        raise InvalidValueError("timing.where: no case is left; loosen it, or set timing.repeats to 0")
    for backends, workloads in _missing(wanted, _archive(config, folder)).items():
        archive = _archive(config, folder)
        codes = {backend: backend_fingerprint(backend) for backend in backends}
        time_backends(
            workloads,
            [_contender(backend, config) for backend in backends],
            schedule=archive.schedule,
            threads=archive.threads,
            progress=progress,
            archive=ArchivedSession(archive, [case_of(workload) for workload in workloads], codes),
        )
    return _assembled(wanted, _archive(config, folder))


@dataclass(frozen=True)
class _Wanted:
    """A workload, and the backends that the configuration asks for."""

    workload: Workload
    backends: tuple[str, ...]

    def kept(self, archive: TimingArchive) -> dict[str, ArchivedTiming]:
        """The latest finished timing of each backend that stands beside the baseline of its session."""
        kept: dict[str, ArchivedTiming] = {}
        for timing in archive.finished(case_of(self.workload)):
            found = {name for name in self.backends if timing.of(name, backend_fingerprint(name))}
            if DEFAULT_BASELINE in found or DEFAULT_BASELINE not in self.backends:
                kept = {name: timing for name in found} | kept
        return kept

    def missing(self, archive: TimingArchive) -> tuple[str, ...]:
        """Backends to time: what is not kept, and the baseline beside it."""
        kept = self.kept(archive)
        lacking = [name for name in self.backends if name not in kept]
        return tuple(
            name for name in self.backends if name in lacking or (lacking and name == DEFAULT_BASELINE)
        )

    def records(self, archive: TimingArchive) -> Iterator[tuple[Environment, TimingRecord]]:
        """The kept records and their baselines, under the names that the configuration gives now."""
        case = case_of(self.workload)
        for backend, timing in self.kept(archive).items():
            for name in {backend, DEFAULT_BASELINE} & set(self.backends):
                record = timing.of(name, backend_fingerprint(name))
                assert record is not None
                yield timing.environment, replace(record, case=case, keys=self.workload.keys[name])


def _missing(wanted: Sequence[_Wanted], archive: TimingArchive) -> dict[tuple[str, ...], list[Workload]]:
    """Workloads by the backends that are still to time, for each session times all against all."""
    sessions: dict[tuple[str, ...], list[Workload]] = {}
    for item in wanted:
        if backends := item.missing(archive):
            sessions.setdefault(backends, []).append(item.workload)
    return sessions


def _assembled(wanted: Sequence[_Wanted], archive: TimingArchive) -> TimingResults:
    environments: dict[str, Environment] = {}
    records: dict[tuple[TimingCase, str, int], TimingRecord] = {}
    for item in wanted:
        for environment, record in item.records(archive):
            known = environments.setdefault(environment.session, environment)
            if len(environment.resumed) > len(known.resumed):
                environments[environment.session] = environment
            records[record.case, record.session, item.backends.index(record.backend)] = record
    ordered = [records[key] for key in sorted(records, key=lambda key: (key[0].display_order, key[1:]))]
    return TimingResults(environments=tuple(environments.values()), records=tuple(ordered))


def _archive(config: Config, folder: Path) -> TimingArchive:
    timing = config.timing
    schedule = Schedule(
        repeats=timing.repeats, warm_up=timing.warm_up, budget=timing.budget, visits=timing.visits
    )
    return TimingArchive(folder, schedule, timing.threads, config.execution.device)


def _wanted(config: Config) -> Iterator[_Wanted]:
    """Every assembly, step and integrator with the points to time, and the backends that share them."""
    shapes: dict[Shape, dict[str, list[Series]]] = {}
    labels: dict[Shape, str] = {}
    series = expand(config)
    for item, label in zip(series, series_labels(config, series), strict=True):
        chosen = item.where(config.timing.where, "timing.where") if config.timing.where else item
        if chosen.case_count:
            shape = (item.source.content, item.dt, item.integrator, item.parameter_names)
            shapes.setdefault(shape, {}).setdefault(item.backend, []).append(chosen)
            labels[shape] = label
    for shape, by_backend in shapes.items():
        yield from _workloads(by_backend, labels[shape], config)


def _workloads(by_backend: dict[str, list[Series]], label: str, config: Config) -> Iterator[_Wanted]:
    """One workload for all backends that simulate the same points."""
    alike: dict[bytes, list[str]] = {}
    for backend, series in by_backend.items():
        alike.setdefault(_timed_members(series)[0].tobytes(), []).append(backend)
    for backends in alike.values():
        ordered = sorted(backends, key=lambda name: name != DEFAULT_BASELINE)
        workload = _workload({name: by_backend[name] for name in ordered}, label, config)
        yield _Wanted(workload, tuple(ordered))


def _workload(by_backend: dict[str, list[Series]], label: str, config: Config) -> Workload:
    simulation = config.simulation
    first, *_ = same = next(iter(by_backend.values()))
    settings = simulation_settings(
        duration=simulation.duration,
        dt=first.dt,
        integrator=first.integrator,
        save_every=steps_per_sample(first.dt, simulation),
        tolerance=simulation.tolerance,
        newton_limit=simulation.newton_limit,
    )
    assembly = first.source.assembly
    columns = dict(zip(first.parameter_names, _timed_members(same)[0].T, strict=True))
    return Workload(
        assembly=label,
        compiled=compile_ensemble(assembly, columns) if columns else compile_assembly(assembly),
        settings=settings,
        content=content_of(assembly, settings, columns),
        parameters=", ".join(first.parameter_names),
        keys={
            backend: tuple(map(case_key, _timed_members(series)[1].tolist()))
            for backend, series in by_backend.items()
        },
    )


def _timed_members(series: Sequence[Series]) -> tuple[NDArray[np.float64], Identities]:
    """Parameters and identities of the members to time: of many, some evenly spaced.

    Sorted by their values, so that the order in which a configuration names them does not count.
    """
    points = np.concatenate([item.parameters for item in series])
    identities = np.concatenate([item.identities for item in series])
    order = np.lexsort([identities, *points.T[::-1]])
    spaced = np.linspace(0, len(order) - 1, min(len(order), LARGEST_ENSEMBLE)).round().astype(int)
    return points[order[spaced]], identities[order[spaced]]


def _contender(backend: str, config: Config) -> Contender:
    execution = Execution(threads=config.timing.threads, device=config.execution.device)
    return Contender(label=backend, backend=get_backend(backend), execution=execution)
