"""The values that a timing leaves behind, and their JSON file."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from json import dumps, loads
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from molenspin.backends.protocol import PhaseSeconds
from molenspin.errors import DamagedFileError, InvalidValueError
from molenspin.integrators import Integrator
from molenspin.output.sealed_files import read_sealed, write_sealed
from molenspin.sweep.labels import keyed_name, shared_names
from molenspin.timing.environment import Environment
from molenspin.timing.samples import Samples
from molenspin.user_paths import user_path

KIND = "timing results"


class Verdict(StrEnum):
    """Whether a timed backend computed the right thing."""

    OK = "ok"
    WRONG = "wrong"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, order=True)
class TimingCase:
    """What was simulated, whoever computed it.

    Two cases are the same where their content and their settings are, whatever their names.

    Parameters
    ----------
    content
        Hash of the assembly, the members' parameters and the tolerances, from
        `molenspin.backends.workload.Workload`. Where it is not known (in files of older versions, and for
        rivals), the name stands for it.
    assembly
        Name of the benchmark family or the assembly, for people.
    parameters
        What the members vary, ``component.field`` with commas between, for people; "" for one simulation.
    body_count, member_count
        Bodies of the assembly and members of the ensemble.
    integrator, dt, step_count, save_every
        As in `molenspin.backends.protocol.Settings`.
    """

    assembly: str = field(compare=False)
    content: str = ""
    body_count: int
    member_count: int
    integrator: Integrator
    dt: float
    step_count: int
    save_every: int
    parameters: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.content:
            object.__setattr__(self, "content", f"name {self.assembly}")

    @property
    def display_order(self) -> tuple[str, int, int, str, float, int, int, str]:
        """Sorts cases as people read them: by name and size first."""
        return (
            self.assembly,
            self.body_count,
            self.member_count,
            self.integrator,
            self.dt,
            self.step_count,
            self.save_every,
            self.content,
        )

    def __str__(self) -> str:
        members = f" x {self.member_count} members" if self.member_count > 1 else ""
        return (
            f"{self.assembly} {self.body_count} bodies{members}, {self.integrator} dt={self.dt:g} s, "
            f"{self.step_count} steps"
        )


@dataclass(frozen=True, kw_only=True)
class Physics:
    """What the last timed run computed, checked after the timing.

    Parameters
    ----------
    verdict, reason
        The judgement, and why it is not ``ok``.
    against
        Label of the trusted backend.
    difference
        Largest relative difference from the trusted backend at equal dt, over all recorded states.
    tolerance
        Largest difference that counts as agreement.
    error
        Largest error of an angle [rad] against the reference, or None without one.
    uncertainty
        How far the angles of the reference may be off [rad], or None without one.
    reference
        What the reference is.
    max_residual
        Largest constraint violation of the run.
    newton_iterations, force_evaluations
        Work of the run, summed over the members.
    final_position
        Angles and displacements of the first member at the end, (2n,), by which machines are compared.
    """

    verdict: Verdict
    reason: str = ""
    against: str = ""
    difference: float = 0.0
    tolerance: float = 0.0
    error: float | None = None
    uncertainty: float | None = None
    reference: str = ""
    max_residual: float = 0.0
    newton_iterations: int = 0
    force_evaluations: int = 0
    final_position: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TimingRecord:
    """Everything about one backend on one case in one session.

    Parameters
    ----------
    case, backend, session
        Together the key: ``session`` names an `Environment`.
    samples
        Raw seconds.
    physics
        Correctness.
    phases
        Where the backend spent its time in the last run.
    path
        Code path that ran.
    peak_memory
        Bytes of the result buffers and of what the first run needed beyond them, None where unknown.
    peak_device_memory
        Bytes that the first run needed on a GPU, None without one.
    code
        Fingerprint of the sources behind the backend; empty where it was not noted.
    keys
        Identity of each member's case in a store, by which accuracy is joined; empty outside a sweep.
    """

    case: TimingCase
    backend: str
    session: str
    samples: Samples
    physics: Physics
    phases: PhaseSeconds = field(default_factory=PhaseSeconds)
    path: str = ""
    peak_memory: int | None = None
    peak_device_memory: int | None = None
    code: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TimingResults:
    """Records with the sessions that they were taken in."""

    __pydantic_config__ = ConfigDict(extra="forbid", ser_json_inf_nan="strings")

    environments: tuple[Environment, ...]
    records: tuple[TimingRecord, ...]
    version: Literal[1] = 1

    def __post_init__(self) -> None:
        known = {environment.session for environment in self.environments}
        unknown = sorted({record.session for record in self.records} - known)
        if unknown:
            raise InvalidValueError(f"session {unknown[0]!r} has records but no environment")

    def environment(self, session: str) -> Environment:
        """Return the environment that a record names."""
        return next(environment for environment in self.environments if environment.session == session)

    @cached_property
    def current(self) -> tuple[TimingRecord, ...]:
        """The latest record of each case, backend and machine, in the order of `records`.

        Older ones are kept for what was timed beside them in one session: see `beside`.
        """
        latest: dict[tuple[TimingCase, str, str], TimingRecord] = {}
        for record in sorted(self.records, key=lambda record: self.environment(record.session).started):
            latest[record.case, record.backend, self.environment(record.session).machine] = record
        chosen = {id(record) for record in latest.values()}
        return tuple(record for record in self.records if id(record) in chosen)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Name of the assembly by content, told apart where merged sweeps have two contents of one name.

        The sizes of a family differ in their number of bodies, which stands beside the name.
        """
        cases = {record.case.content: record.case for record in self.records}
        shown = {
            content: (case.assembly, case.body_count, case.member_count, case.parameters)
            for content, case in cases.items()
        }
        shared = shared_names(shown)
        return {
            content: keyed_name(case.assembly, content) if shown[content] in shared else case.assembly
            for content, case in cases.items()
        }

    def beside(self, record: TimingRecord, backend: str) -> TimingRecord | None:
        """The record of another backend on the same case, taken in the same session: ratios need that."""
        return self._by_session.get((record.case, backend, record.session))

    @cached_property
    def _by_session(self) -> dict[tuple[TimingCase, str, str], TimingRecord]:
        return {(record.case, record.backend, record.session): record for record in self.records}

    def save(self, path: Path, *, key: str = "") -> None:
        """Write the results as JSON with a checksum, whole or not at all."""
        write_sealed(path, loads(_ADAPTER.dump_json(self)), key=key, kind=KIND)


_ADAPTER = TypeAdapter(TimingResults)


def load_timing(path: str | Path, *, key: str | None = None) -> TimingResults:
    """Read results that `TimingResults.save` wrote.

    Parameters
    ----------
    path
        Their file.
    key
        The key that they must have been saved with; None for any.

    Raises
    ------
    DamagedFileError
        If the file cannot be read, is not such a file, or is not as it was saved.
    """
    path = user_path(path)
    try:
        return _ADAPTER.validate_json(dumps(read_sealed(path, kind=KIND, key=key)))
    except DamagedFileError as error:
        if isinstance(error.__cause__, OSError):
            raise
        raise DamagedFileError(path, f"{error.reason}; delete it and time again") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "top level"
        raise DamagedFileError(path, f"not a file of {KIND}: {where!a}: {first['msg']}") from error
