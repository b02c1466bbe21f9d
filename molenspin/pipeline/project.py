"""A sweep with its places on disk: what the workflow, the command line and the reports open first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any

from molenspin.backends.registry import get_backend
from molenspin.config import Config, config_from_mapping, load_config
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.jobs.group_job import GroupJob
from molenspin.provenance import backend_fingerprint
from molenspin.store.claims import claim, claim_place
from molenspin.store.places import Places
from molenspin.store.preparation import prepare_store
from molenspin.store.reading import read_ledger
from molenspin.store.records import RECORD_STEM, is_whole_record
from molenspin.sweep.batches import fingerprint_number
from molenspin.sweep.cases import Series, expand
from molenspin.sweep.plan import Group, Plan, make_plan
from molenspin.user_paths import user_location, user_path


@dataclass(frozen=True)
class Project:
    """A configuration, its places and its plan."""

    config: Config
    places: Places
    plan: Plan

    @cached_property
    def records(self) -> dict[str, Path]:
        """The record of each group, by the group's name; it need not be there yet.

        Where the store or the file contradicts the record that is there, the group's record is the next one,
        ``rust-0003.2.json``: it is missing, so the group runs. Planning itself deletes nothing.
        """
        newest = _newest_records(self.places.records)
        return {group.name: self._record(group, newest.get(group.name, 0)) for group in self.plan.groups}

    def _record(self, group: Group, newest: int) -> Path:
        path = record_path(self.places.records, group.name, newest)
        if newest and not (group.done and is_whole_record(path, group.digest)):
            path = record_path(self.places.records, group.name, newest + 1)
        return path

    @cached_property
    def timing_key(self) -> str:
        """Hash of what is to be timed, and how: spelling and order of keys do not count."""
        timing = dumps([self.config.timing.model_dump(), self.config.execution.device, self.plan.asked])
        return sha256(timing.encode()).hexdigest()[:16]


def record_path(folder: Path, group: str, generation: int) -> Path:
    """The record of a group; the first has no number."""
    return folder / (f"{group}.{generation}.json" if generation > 1 else f"{group}.json")


def _newest_records(folder: Path) -> dict[str, int]:
    """Number of the newest record of each group that has one."""
    newest: dict[str, int] = {}
    for path in folder.glob("*.json"):
        if match := RECORD_STEM.fullmatch(path.stem):
            generation = int(match["generation"] or 1)
            newest[match["group"]] = max(generation, newest.get(match["group"], 0))
    return newest


def open_project(config: Mapping[str, Any] | Path) -> Project:
    """Check a configuration and plan it against what its store holds.

    Parameters
    ----------
    config
        A mapping, as Snakemake hands it over, or the path of a file.

    Raises
    ------
    InvalidValueError
        If a key, a value, a backend or an assembly is wrong; nothing was written.
    """
    checked = load_config(config) if isinstance(config, Path) else config_from_mapping(config)
    _check_folders(places_of(checked))
    series = expand(checked)
    return _planned(checked, series, _fingerprints(series))


def _planned(config: Config, series: tuple[Series, ...], fingerprints: Mapping[str, str]) -> Project:
    places = places_of(config)
    ledger = read_ledger(places.store)
    return Project(config, places, make_plan(config, series, ledger, fingerprints))


def prepare_project(project: Project) -> None:
    """Make room in the store for everything that the plan asks.

    Raises
    ------
    MolenspinError
        If another sweep is at it, or has added to the store since this one was planned.
    """
    places, plan = project.places, project.plan
    with claim(claim_place(places.store, "plan"), f"preparing {places.store}") as held:
        if _planned(project.config, plan.series, plan.fingerprints).plan.digest != plan.digest:
            raise MolenspinError(
                f"{places.store}: another sweep has added to it since this one was planned; run again"
            )
        held.check()
        prepare_store(plan, places.store)


def _check_folders(places: Places) -> None:
    folder = places.folder
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise InvalidValueError(f"outputs.directory: {path} is not a folder; choose another place")
    for path in places.subfolders:
        if path.exists() and not path.is_dir():
            raise InvalidValueError(f"{path} is not a folder; move it away, then run again")


def places_of(config: Config) -> Places:
    """Where the results of a configuration are."""
    folder = user_path(config.outputs.directory) / config.name
    url = config.storage.url
    return Places(folder, user_location(url)) if url else Places.in_folder(folder)


def planned_job(config: Config, planned: Mapping[str, Any], record: Path | None = None) -> GroupJob:
    """What the job of a group is told.

    Parameters
    ----------
    config
        The configuration.
    planned
        From `Group.as_parameters`: a job is told its part of the plan and need not plan anew.
    record
        Where its record goes, from `Project.records`; the group's first record by default.
    """
    places = places_of(config)
    return GroupJob(
        name=planned["name"],
        number=planned["number"],
        backend=planned["backend"],
        digest=planned["digest"],
        chunks=planned["chunks"],
        url=places.store if "://" in places.store else str(Path(places.store).absolute()),
        fingerprint=fingerprint_number(backend_fingerprint(planned["backend"])),
        execution=config.execution,
        relative_error=config.storage.relative_error,
        record=record or record_path(places.records, planned["name"], 1),
    )


def _fingerprints(series: Sequence[Series]) -> dict[str, str]:
    fingerprints = {}
    for backend in dict.fromkeys(item.backend for item in series):
        try:
            get_backend(backend)
        except MolenspinError as error:
            raise InvalidValueError(f"sweep: {error}") from None
        fingerprints[backend] = backend_fingerprint(backend)
    return fingerprints
