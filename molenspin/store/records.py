"""The record of a group: a small JSON file, written last and whole, that says the group is done."""

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from molenspin.errors import DamagedFileError
from molenspin.output.sealed_files import read_sealed, write_sealed
from molenspin.status import CaseStatus

KIND, SUMMARY_KIND = "records of groups", "sums of records"
"""What the files are, as their seals say."""

REMEDY = "the next run of the workflow writes it again"

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]

RECORD_STEM = re.compile(r"(?P<group>.+-\d{4,})(\.(?P<generation>\d+))?")
"""A record's name without its ending: the group, and the number of the record where it is not the first."""

logger = logging.getLogger(__name__)


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

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    group: str
    number: Count
    backend: str
    digest: str
    fingerprint: Count
    batch_count: Count
    case_count: Count
    computed_count: Count
    status_counts: Mapping[str, Count]
    rates: Mapping[str, Rate]
    core_seconds: Seconds
    elapsed: Seconds
    machine: str
    versions: Mapping[str, str] = field(default_factory=dict)
    finished: str = ""

    def save(self, path: Path) -> None:
        """Write the record, whole or not at all, with its digest as the key."""
        write_sealed(path, asdict(self), key=self.digest, kind=KIND)

    @property
    def failed_count(self) -> int:
        """Cases whose result is a failure."""
        return sum(count for label, count in self.status_counts.items() if label != CaseStatus.OK.label)


_ADAPTER = TypeAdapter(GroupRecord)


def load_record(path: Path, *, digest: str | None = None) -> GroupRecord:
    """Read a record.

    Parameters
    ----------
    path
        Its file, named after the group.
    digest
        Digest that the group must have; None for any.

    Raises
    ------
    DamagedFileError
        If it is not the record of that group, whole.
    """
    try:
        return _checked(path, read_sealed(path, kind=KIND, key=digest))
    except DamagedFileError as error:
        raise DamagedFileError(path, f"{error.reason}; {REMEDY}") from error


def _checked(path: Path, content: object) -> GroupRecord:
    try:
        record = _ADAPTER.validate_json(dumps(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DamagedFileError(path, f"is not a record of a group: {where!a}: {first['msg']}") from None
    if (
        not path.name.startswith(f"{record.group}.")
        or sum(record.status_counts.values()) != record.case_count
    ):
        raise DamagedFileError(path, "is the record of another group, or its counts do not add up")
    return record


def record_files(folder: Path, group: str | None = None) -> list[Path]:
    """Files in a folder that have the names of records, of a group or of all; other files are not ours."""
    named = ((path, RECORD_STEM.fullmatch(path.stem)) for path in sorted(folder.glob("*.json")))
    return [path for path, match in named if match and group in (None, match["group"])]


def load_records(folder: Path) -> list[GroupRecord]:
    """All records in a folder; one line of log names those that are damaged, which are passed over."""
    records, damaged = [], []
    for path in record_files(folder):
        try:
            records.append(load_record(path))
        except DamagedFileError as error:
            damaged.append(str(error))
    if damaged:
        others = f" (and {len(damaged) - 1} more in that folder)" if damaged[1:] else ""
        _log_once(f"passed over{others}: {damaged[0]}")
    return records


def is_whole_record(path: Path, digest: str) -> bool:
    """Whether a file is the record of a group with that digest; one line of log says if it is damaged."""
    try:
        return load_record(path).digest == digest
    except DamagedFileError as error:
        if path.exists():
            _log_once(str(error))
        return False


def save_summary(path: Path, records: Sequence[GroupRecord]) -> None:
    """Write all records added up, with a key that stands for their groups."""
    counts: Counter[str] = Counter()
    for record in records:
        counts.update(record.status_counts)
    digests = {record.group: record.digest for record in records}
    content = {
        "groups": len(records),
        "batches": sum(record.batch_count for record in records),
        "cases": sum(record.case_count for record in records),
        "status_counts": dict(counts),
        "core_seconds": sum(record.core_seconds for record in records),
        "digests": digests,
    }
    key = sha256(dumps(digests, sort_keys=True).encode()).hexdigest()[:16]
    write_sealed(path, content, key=key, kind=SUMMARY_KIND)


def warn_of_damaged_summary(path: Path) -> None:
    """Say in one line of log that a summary is there and is not as it was written."""
    if not path.exists():
        return
    try:
        read_sealed(path, kind=SUMMARY_KIND)
    except DamagedFileError as error:
        _log_once(f"{error}; delete it, and {REMEDY}")


@lru_cache(maxsize=256)
def _log_once(line: str) -> None:
    """One command looks at a folder of records several times."""
    logger.warning(line)
