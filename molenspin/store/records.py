"""The record of a group: a small JSON file, written last and whole, that says the group is done."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from molenspin.durable_files import write_durably
from molenspin.errors import MolenspinError
from molenspin.status import CaseStatus
from molenspin.sweep.ledger import RESULTS


@dataclass(frozen=True, kw_only=True)
class GroupRecord:
    """What a job did.

    Parameters
    ----------
    group, number
        Name and number of the group.
    backend
        Its backend.
    digest
        Hash of its cases and code.
    fingerprint
        Number of the code's fingerprint.
    batch_count, case_count
        Batches and cases of the group.
    computed_count
        Cases that this job computed; the others were there.
    status_counts
        Cases of the group by how they ended.
    rates
        Measured body-evaluations per second of one thread, by ``backend/integrator/body_count``.
    core_seconds
        Run time of the backends, added up over threads.
    elapsed
        Run time of the job [s].
    machine
        Where it ran.
    versions
        Of the packages that matter.
    finished
        When, UTC.
    """

    group: str
    number: int
    backend: str
    digest: str
    fingerprint: int
    batch_count: int
    case_count: int
    computed_count: int
    status_counts: Mapping[str, int]
    rates: Mapping[str, float]
    core_seconds: float
    elapsed: float
    machine: str
    versions: Mapping[str, str] = field(default_factory=dict)
    finished: str = ""

    def save(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        write_durably(path, (json.dumps(asdict(self), indent=1) + "\n").encode())

    @property
    def is_complete(self) -> bool:
        """Whether every case of the group has a result, good or bad."""
        return set(self.status_counts) <= {status.label for status in RESULTS}

    @property
    def failed_count(self) -> int:
        """Cases whose result is a failure."""
        return sum(count for label, count in self.status_counts.items() if label != CaseStatus.OK.label)


def load_record(path: Path) -> GroupRecord:
    """Read a record.

    Raises
    ------
    MolenspinError
        If it is not one.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return GroupRecord(**content)
    except (OSError, ValueError, TypeError) as error:
        raise MolenspinError(f"{path}: not a record of a group: {error}") from error


def load_records(folder: Path) -> list[GroupRecord]:
    """All records in a folder; files that are no records are passed over."""
    records = []
    for path in sorted(folder.glob("*.json")):
        try:
            records.append(load_record(path))
        except MolenspinError:
            continue
    return records


def summary(records: Sequence[GroupRecord]) -> str:
    """All records added up, as JSON."""
    counts: Counter[str] = Counter()
    for record in records:
        counts.update(record.status_counts)
    content = {
        "groups": len(records),
        "batches": sum(record.batch_count for record in records),
        "cases": sum(record.case_count for record in records),
        "status_counts": dict(counts),
        "core_seconds": sum(record.core_seconds for record in records),
        "digests": {record.group: record.digest for record in records},
    }
    return json.dumps(content, indent=1) + "\n"
