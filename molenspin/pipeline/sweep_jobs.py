"""What the Snakefile asks of a planned sweep; it is kept in a file, so that jobs need not plan anew."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from molenspin.backends.registry import DEVICE_BACKENDS
from molenspin.config import Config
from molenspin.output.durable_files import write_durably
from molenspin.pipeline.project import Project
from molenspin.store.records import RECORD_STEM


@dataclass(frozen=True, kw_only=True)
class SweepJobs:
    """The part of a plan that rules need, in plain values.

    Parameters
    ----------
    config
        Hash of the configuration that was planned.
    groups
        What the job of each group is told, by the group's name.
    records
        File name of the record of each group, by the group's name.
    fingerprints
        Hash of the code of each backend.
    asked
        Hash of the cases asked for.
    timing
        Hash of what is to be timed, and how.
    """

    config: str
    groups: Mapping[str, Mapping[str, Any]]
    records: Mapping[str, str]
    fingerprints: Mapping[str, str]
    asked: str
    timing: str

    @classmethod
    def of(cls, project: Project) -> Self:
        """Of a project that was just planned."""
        return cls(
            config=config_digest(project.config),
            groups={group.name: group.as_parameters() for group in project.plan.groups},
            records={name: path.name for name, path in project.records.items()},
            fingerprints=dict(project.plan.fingerprints),
            asked=project.plan.asked,
            timing=project.timing_key,
        )

    def save(self, path: Path) -> None:
        """Write it for the jobs of this run."""
        write_durably(path, json.dumps(asdict(self)).encode())

    def group(self, name: str) -> Mapping[str, Any]:
        """What the job of a group is told; the name may be that of a record."""
        bare = RECORD_STEM.fullmatch(name)
        return self.groups[bare["group"] if bare else name]


def config_digest(config: Config) -> str:
    """Hash of a validated configuration."""
    return sha256(config.model_dump_json().encode()).hexdigest()[:16]


def saved_jobs(path: Path, config: Config) -> SweepJobs | None:
    """What the run that started this job has saved; None if it is missing or of another configuration."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    is_whole = isinstance(content, dict) and set(content) == {field.name for field in fields(SweepJobs)}
    return SweepJobs(**content) if is_whole and content["config"] == config_digest(config) else None


def job_threads(config: Config, backend: str) -> int:
    """Threads that a job claims: one where Python holds the interpreter lock throughout."""
    workers = 1 if backend == "numpy" else config.execution.threads
    return workers * config.execution.backend_threads


def job_gpus(config: Config, backend: str) -> int:
    """GPUs that a job asks a cluster for."""
    return int(config.execution.device.startswith("cuda") and backend in DEVICE_BACKENDS)
