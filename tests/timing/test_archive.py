"""Timings that stay: what an archive gives back, to whom, and how an interrupted session goes on."""

import json
from dataclasses import replace

import pytest
from made_results import ENVIRONMENT, made_record
from timing_fakes import FakeBackend, FakeClock, contender, workload

from molenspin.integrators import Integrator
from molenspin.output.sealed_files import write_sealed
from molenspin.timing import Schedule, Verdict
from molenspin.timing.archive import KIND, ArchivedSession, ArchivedTiming, TimingArchive
from molenspin.timing.measure import case_of, measure

SCHEDULE = Schedule(repeats=6, visits=2, warm_up=0.0)
CODES = {"numpy": "n", "rust": "r"}
LATER, LATEST = "2026-02-01", "2026-03-01"


@pytest.fixture
def archive(tmp_path):
    return TimingArchive(tmp_path, SCHEDULE, threads=1, device="cpu")


def record(backend="rust", *, environment=ENVIRONMENT, failure="", **physics):
    made = made_record(backend, 4, Integrator.RK4, 0.01, **physics)
    samples = replace(made.samples, failure=failure)
    return replace(made, session=environment.session, code=CODES[backend], samples=samples)


CASE = record().case


def timing(pass_count=2, *, started=ENVIRONMENT.started, records=None, **circumstances):
    place = replace(ENVIRONMENT, started=started, **circumstances)
    return ArchivedTiming(
        environment=place, pass_count=pass_count, records=records or (record(environment=place),)
    )


def session(archive, *cases):
    return ArchivedSession(archive, cases or (CASE,), CODES)


@pytest.mark.parametrize(
    "physics", [{}, {"verdict": Verdict.FAILED, "difference": float("inf"), "error": None}]
)
def test_a_timing_comes_back_as_it_was_kept(archive, physics):
    kept = timing(records=(record(**physics),))
    archive.keep(CASE, CODES, kept)
    assert archive.finished(CASE) == [kept]


def test_finished_timings_come_latest_first_and_unfinished_ones_apart(archive):
    archive.keep(CASE, {"rust": "1"}, timing(started=LATER))
    archive.keep(CASE, {"rust": "2"}, timing(started=LATEST))
    archive.keep(CASE, {"rust": "3"}, timing())
    archive.keep(CASE, CODES, timing(1))
    assert [item.environment.started for item in archive.finished(CASE)] == [
        LATEST,
        LATER,
        ENVIRONMENT.started,
    ]
    assert archive.unfinished(CASE, CODES).pass_count == 1
    assert archive.unfinished(CASE, {"rust": "1"}) is None
    assert archive.unfinished(CASE, {"rust": "4"}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"dt": 0.02},
        {"content": "another"},
        {"step_count": 7},
        {"save_every": 3},
        {"integrator": Integrator.EULER},
    ],
)
def test_each_case_has_its_own_timings(archive, change):
    other = replace(CASE, **change)
    archive.keep(CASE, CODES, timing(1))
    assert archive.unfinished(other, CODES) is None
    assert archive.unfinished(replace(CASE, assembly="renamed"), CODES) is not None


@pytest.mark.parametrize(
    "change", [{"threads": 2}, {"device": "cuda"}, {"schedule": replace(SCHEDULE, repeats=7)}]
)
def test_timings_under_other_conditions_are_not_used(archive, change):
    archive.keep(CASE, CODES, timing())
    other = replace(archive, **change)
    assert other.finished(CASE) == []
    assert len(TimingArchive(archive.folder, SCHEDULE, 1, "cpu").finished(CASE)) == 1


def edited(path):
    content = json.loads(path.read_text())
    content["pass_count"] = 3
    path.write_text(json.dumps(content))


def resealed(path):
    write_sealed(path, {"pass_count": "many"}, key=json.loads(path.read_text())["seal"]["key"], kind=KIND)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b""), edited, resealed])
def test_a_damaged_timing_is_not_used_and_named_in_one_line(archive, damage, caplog):
    archive.keep(CASE, CODES, timing())
    (path,) = archive.folder.glob("*.json")
    damage(path)
    assert archive.finished(CASE) == []
    (message,) = caplog.messages
    assert message.startswith(str(path))
    assert message.endswith("; timed again")
    assert "\n" not in message


def test_the_record_of_a_backend_is_that_of_its_code_if_it_did_not_fail():
    failed, rust = record("numpy", failure="no device"), record("rust")
    kept = timing(records=(failed, rust))
    assert kept.of("rust", "r") is rust
    assert kept.of("rust", "other") is kept.of("numpy", "n") is kept.of("torch", "t") is None


def test_an_interrupted_session_goes_on_under_its_first_start(archive):
    assert session(archive).resumed(ENVIRONMENT) is ENVIRONMENT
    other = replace(CASE, dt=0.02)
    archive.keep(CASE, CODES, timing(1, load=(0.5, 0.0, 0.0)))
    archive.keep(other, CODES, timing(1, started=LATER, load=(0.2, 0.0, 0.0)))
    now = replace(ENVIRONMENT, started=LATEST, load=(0.9, 0.0, 0.0))
    found = session(archive, CASE, other).resumed(now)
    assert (found.started, found.resumed, found.load) == (LATER, (LATEST,), (0.9, 0.0, 0.0))
    assert session(archive, CASE).resumed(replace(now, load=None)).load == (0.5, 0.0, 0.0)


@pytest.mark.parametrize(
    "change", [{"machine": "server"}, {"governor": "powersave"}, {"cpu_model": "another"}]
)
def test_a_session_elsewhere_begins_anew(archive, change):
    archive.keep(CASE, CODES, timing(1))
    now = replace(ENVIRONMENT, started=LATER, **change)
    assert session(archive).resumed(now) is now
    assert session(archive).earlier(0, now) == (0, [])


def test_passes_of_the_same_session_are_not_repeated(archive):
    kept = timing(1)
    session(archive).keep(0, kept.environment, 1, kept.records)
    assert session(archive).earlier(0, ENVIRONMENT) == (1, list(kept.records))
    session(archive).keep(0, kept.environment, 2, kept.records)
    assert session(archive).earlier(0, ENVIRONMENT) == (0, [])


class Interrupted(BaseException):
    """Ctrl-C at a moment of our choice."""


@pytest.mark.parametrize("kept_passes", [1, 2])
def test_a_session_interrupted_after_any_pass_ends_with_the_same_rounds(archive, kept_passes):
    work = workload()
    works = [work, replace(work, settings=replace(work.settings, dt=0.05, step_count=20))]
    place = replace(ENVIRONMENT, machine="mill")

    def timed(backend, keeper):
        return measure(
            works,
            [contender(backend)],
            keeper.resumed(place),
            schedule=SCHEDULE,
            clock=backend.clock,
            keeper=keeper,
            progress=stop,
        )

    def stop(_):
        nonlocal passes
        passes += 1
        if passes == kept_passes + 1:
            raise Interrupted

    keeper = ArchivedSession(archive, [case_of(item) for item in works], {"rust": "r"})
    passes = 0
    with pytest.raises(Interrupted):
        timed(FakeBackend("rust", FakeClock(), lambda _: 1.0), keeper)
    results = timed(FakeBackend("rust", FakeClock(), lambda _: 2.0), keeper)
    assert passes == 5  # four, of which one was begun twice
    before = [[3, 0], [3, 3]][kept_passes - 1]
    for found, count in zip(results.records, before, strict=True):
        assert found.samples.rounds == tuple(range(6))
        assert found.samples.wall == (1.0,) * count + (2.0,) * (6 - count)
    # The process is new, so the first pass after the interruption warms up again.
    assert [found.samples.warm_up_count for found in results.records] == [2, kept_passes]
    assert results.environments[0].started == place.started
