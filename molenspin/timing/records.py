"""The values that a timing leaves behind, and their JSON file."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from molenspin.backends.protocol import PhaseSeconds
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.integrators import Integrator
from molenspin.timing.environment import Environment
from molenspin.timing.samples import Samples
from molenspin.user_paths import user_path


class Verdict(StrEnum):
    """Whether a timed backend computed the right thing."""

    OK = "ok"
    WRONG = "wrong"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, order=True)
class TimingCase:
    """What was simulated, whoever computed it.

    Parameters
    ----------
    assembly
        Name of the benchmark family or the assembly.
    body_count, member_count
        Bodies of the assembly and members of the ensemble.
    integrator, dt, step_count, save_every
        As in `molenspin.backends.protocol.Settings`.
    """

    assembly: str
    body_count: int
    member_count: int
    integrator: Integrator
    dt: float
    step_count: int
    save_every: int

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

    def save(self, path: Path) -> None:
        """Write the results as JSON, whole or not at all."""
        temporary = path.with_name(path.name + ".part")
        temporary.write_bytes(_ADAPTER.dump_json(self, indent=1))
        temporary.replace(path)


_ADAPTER = TypeAdapter(TimingResults)


def load_timing(path: str | Path) -> TimingResults:
    """Read results that `TimingResults.save` wrote.

    Raises
    ------
    MolenspinError
        If the file cannot be read or is not such a file.
    """
    path = user_path(path)
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except OSError as error:
        raise MolenspinError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "top level"
        raise MolenspinError(f"{path}: not a file of timing results: {where}: {first['msg']}") from error
