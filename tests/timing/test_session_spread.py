"""Simulated sessions on a restless machine: how often a comparison errs, and what it finds."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from timing_fakes import FakeClock, environment

from molenspin.integrators import Integrator
from molenspin.timing import TimingCase, TimingRecord, TimingResults, Verdict, compare_timing
from molenspin.timing.comparison import Change
from molenspin.timing.records import Physics
from molenspin.timing.rounds import Schedule, run_rounds
from molenspin.timing.samples import joined

SCHEDULE = Schedule(repeats=8, warm_up=0.0, visits=2, budget=1e9)
CASE_COUNT = 12
SECONDS = {"numpy": 1.0, "rust": 0.1}
KERNEL_SECONDS = 0.005
PAIR_COUNT = 60


@dataclass
class NoisyTask:
    """Takes as long as it is told, on a machine that wanders, with noise of its own."""

    clock: FakeClock
    rng: np.random.Generator
    seconds: float

    def prepare(self) -> None:
        self.clock.let_pass(0.01)

    def run(self) -> float:
        self.clock.let_pass(self.seconds * np.exp(0.02 * self.rng.normal()))
        return 0.0


def session(seed: int, *, faster: float = 1.0, codes: dict[str, str] | None = None) -> TimingResults:
    """All cases timed in one session: the machine is fast or slow by 20% all through, and by 15% in turns."""
    rng = np.random.default_rng(seed)
    level, phase = np.exp(0.2 * rng.normal()), rng.uniform(0, 2 * np.pi)
    clock = FakeClock(factor=lambda now: level * (1 + 0.15 * np.sin(phase + now / 60)))
    visits: list[list[dict]] = [[] for _ in range(CASE_COUNT)]
    for visit in range(SCHEDULE.visit_count):
        for case in visits:
            layout = {name: np.exp(0.02 * rng.normal()) for name in SECONDS}  # new buffers in each visit
            speed = SECONDS | {"rust": SECONDS["rust"] / faster}
            tasks = {name: NoisyTask(clock, rng, speed[name] * layout[name]) for name in SECONDS}
            case.append(
                run_rounds(
                    tasks,
                    SCHEDULE,
                    visit=visit,
                    clock=clock,
                    calibrate=NoisyTask(clock, rng, KERNEL_SECONDS).run,
                )
            )
    place = environment()
    records = [
        TimingRecord(
            case=TimingCase(
                assembly="mill",
                body_count=4 * number + 4,
                member_count=1,
                integrator=Integrator.RK4,
                dt=1e-3,
                step_count=100,
                save_every=1,
            ),
            backend=name,
            session=place.session,
            samples=joined([found[name] for found in case]),
            physics=Physics(verdict=Verdict.OK, final_position=(1.0, 0.5)),
            code=(codes or {}).get(name, ""),
        )
        for number, case in enumerate(visits)
        for name in SECONDS
    ]
    return TimingResults(environments=(place,), records=tuple(records))


def changes(comparisons, backend):
    return [item.change for item in comparisons if item.backend == backend]


def test_sessions_of_one_code_differ_as_rarely_as_promised():
    alarms = sum(
        any(
            item.change is not Change.NONE
            for item in compare_timing(session(2 * pair), session(2 * pair + 1), smallest_change=0.0)
        )
        for pair in range(PAIR_COUNT)
    )
    assert alarms <= 7  # 5% of 60 comparisons are 3; more than 7 come by chance once in a hundred


def test_medians_alone_would_have_called_them_changed():
    before, after = session(0), session(1)
    raw = [
        np.median(b.samples.wall) / np.median(a.samples.wall)
        for a, b in zip(before.records, after.records, strict=True)
    ]
    assert max(abs(np.log(raw))) > 0.1


@pytest.mark.parametrize("pair", range(5))
def test_a_true_change_of_a_fifth_is_found_and_the_unchanged_backend_is_left_alone(pair):
    codes = [{"numpy": "n", "rust": version} for version in ("old", "new")]
    before, after = session(100 + pair, codes=codes[0]), session(200 + pair, faster=1.25, codes=codes[1])
    found = compare_timing(before, after)
    assert changes(found, "rust").count(Change.FASTER) >= 0.9 * CASE_COUNT
    assert set(changes(found, "numpy")) == {Change.NONE}
    assert np.mean([item.ratio.value for item in found if item.backend == "rust"]) == pytest.approx(
        0.8, rel=0.03
    )
    assert all(item.resolves < 0.25 for item in found)


def test_what_unchanged_code_shows_is_not_told_of_changed_code():
    """Everything but the kernel became slower: the backend whose code is the same gives it away."""
    before = session(1, codes={"numpy": "n", "rust": "old"})
    after = session(2, codes={"numpy": "n", "rust": "new"})
    slower = [
        replace(item, samples=replace(item.samples, wall=tuple(1.2 * np.array(item.samples.wall))))
        for item in after.records
    ]
    found = compare_timing(before, replace(after, records=tuple(slower)))
    assert set(changes(found, "rust")) == {Change.NONE}
    assert all(item.resolves > 0.2 for item in found)
