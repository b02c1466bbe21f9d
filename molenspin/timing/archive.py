"""Timings that stay: one file for each case and set of backends, so that nothing is timed twice.

A file is written after every pass over its case. An interrupted session goes on from there, as long as
machine, code and versions are the same. What was finished is not timed again until its code or the conditions
change.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from molenspin.errors import DamagedFileError
from molenspin.output.sealed_files import read_sealed, write_sealed
from molenspin.timing.circumstances import same_circumstances
from molenspin.timing.environment import Environment
from molenspin.timing.records import TimingCase, TimingRecord
from molenspin.timing.rounds import Schedule

KIND = "timings of a case"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ArchivedTiming:
    """What one session timed of one case.

    Parameters
    ----------
    environment
        The session.
    pass_count
        Passes that are finished.
    records
        One for each backend.
    """

    __pydantic_config__ = ConfigDict(ser_json_inf_nan="strings")  # a failed run differs by infinity

    environment: Environment
    pass_count: int
    records: tuple[TimingRecord, ...]

    def of(self, backend: str, code: str) -> TimingRecord | None:
        """The record of a backend, if this code was timed and did not fail."""
        found = (record for record in self.records if record.backend == backend and record.code == code)
        return next((record for record in found if not record.samples.failure), None)


_ADAPTER = TypeAdapter(ArchivedTiming)


@dataclass(frozen=True)
class TimingArchive:
    """The timings of a sweep under one schedule.

    Parameters
    ----------
    folder
        Where the files are.
    schedule, threads, device
        How the cases are timed; timings under other conditions are left alone and not used.
    """

    folder: Path
    schedule: Schedule
    threads: int
    device: str

    @cached_property
    def conditions(self) -> str:
        """Hash of the schedule, the threads and the device."""
        return _digest([asdict(self.schedule), self.threads, self.device])

    def finished(self, case: TimingCase) -> list[ArchivedTiming]:
        """Finished timings of a case, the latest session first."""
        return self._finished.get(case, [])

    def unfinished(self, case: TimingCase, codes: Mapping[str, str]) -> ArchivedTiming | None:
        """A timing of these backends and codes that was interrupted."""
        found = self._load(self._path(case, codes))
        return found if found and found.pass_count < self.schedule.visit_count else None

    def keep(self, case: TimingCase, codes: Mapping[str, str], timing: ArchivedTiming) -> None:
        """Write what is timed so far of a case."""
        path = self._path(case, codes)
        write_sealed(path, json.loads(_ADAPTER.dump_json(timing)), key=path.stem, kind=KIND)

    def _path(self, case: TimingCase, codes: Mapping[str, str]) -> Path:
        compared = (case.content, case.integrator, case.dt, case.step_count, case.save_every)
        return self.folder / f"{self.conditions}-{_digest([compared, sorted(codes.items())])}.json"

    @cached_property
    def _finished(self) -> dict[TimingCase, list[ArchivedTiming]]:
        found: dict[TimingCase, list[ArchivedTiming]] = {}
        paths = sorted(self.folder.glob(f"{self.conditions}-*.json"))
        timings = [timing for path in paths if (timing := self._load(path))]
        for timing in sorted(timings, key=lambda timing: timing.environment.started, reverse=True):
            if timing.records and timing.pass_count >= self.schedule.visit_count:
                found.setdefault(timing.records[0].case, []).append(timing)
        return found

    def _load(self, path: Path) -> ArchivedTiming | None:
        """One file; None where there is none, or it is damaged."""
        if not path.is_file():
            return None
        try:
            return _ADAPTER.validate_json(json.dumps(read_sealed(path, kind=KIND, key=path.stem)))
        except DamagedFileError as error:
            _log.warning("%s; timed again", error)
        except ValidationError:
            _log.warning("%s: not the timings of a case; timed again", path)
        return None


@dataclass(frozen=True)
class ArchivedSession:
    """One session's part of an archive, as `molenspin.timing.measure.measure` asks for it.

    Parameters
    ----------
    archive
        The archive.
    cases
        What the session times, in order.
    codes
        Fingerprint of the code of each backend that it times.
    """

    archive: TimingArchive
    cases: Sequence[TimingCase]
    codes: Mapping[str, str]

    def resumed(self, environment: Environment) -> Environment:
        """The environment to record: that of the latest session that was interrupted here, if it is alike."""
        alike = [
            before.environment for before in self._unfinished if _is_alike(before.environment, environment)
        ]
        if not alike:
            return environment
        before = max(alike, key=lambda item: item.started)
        loads = [item.load for item in (before, environment) if item.load]
        load = max(loads, default=None)
        return replace(before, resumed=(*before.resumed, environment.started), load=load)

    def earlier(self, number: int, environment: Environment) -> tuple[int, list[TimingRecord]]:
        """Finished passes over a case in this session, and what they found."""
        before = self.archive.unfinished(self.cases[number], self.codes)
        if before is None or before.environment.session != environment.session:
            return 0, []
        return before.pass_count, list(before.records)

    def keep(
        self, number: int, environment: Environment, pass_count: int, records: Sequence[TimingRecord]
    ) -> None:
        """Write what is timed so far of a case."""
        timing = ArchivedTiming(environment=environment, pass_count=pass_count, records=tuple(records))
        self.archive.keep(self.cases[number], self.codes, timing)

    @property
    def _unfinished(self) -> Iterator[ArchivedTiming]:
        for case in self.cases:
            if before := self.archive.unfinished(case, self.codes):
                yield before


def _is_alike(first: Environment, second: Environment) -> bool:
    return first.machine == second.machine and same_circumstances(first, second)


def _digest(content: object) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
