import gc
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timing_fakes import FakeClock

from molenspin.errors import MolenspinError
from molenspin.timing.rounds import Schedule, run_rounds
from molenspin.timing.samples import Samples, joined
from molenspin.timing.statistics import median_estimate, ratio_estimate


@dataclass
class FakeTask:
    name: str
    clock: FakeClock
    seconds: list[float]
    log: list[str] = field(default_factory=list)
    refusal: str = ""

    def prepare(self) -> None:
        self.clock.let_pass(0.5)

    def run(self) -> float:
        if self.refusal:
            raise MolenspinError(self.refusal)
        self.log.append(self.name)
        took = self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        self.clock.let_pass(took)
        return took


def test_first_call_warm_up_and_rounds_are_kept_apart():
    clock = FakeClock()
    task = FakeTask("a", clock, [3.0, 2.0, 1.0])
    samples = run_rounds({"a": task}, Schedule(repeats=4, warm_up=5.0), clock=clock)["a"]
    assert samples.first_call == 3.0
    assert samples.warm_up_count == 3  # 2.5 + 1.5 + 1.5 s, preparation included
    assert samples.wall == samples.inside == (1.0,) * 4
    assert samples.rounds == (0, 1, 2, 3)


def test_every_round_holds_every_task_once_in_an_order_that_changes_with_the_seed():
    def order(seed: int) -> list[str]:
        clock, log = FakeClock(), []
        tasks = {name: FakeTask(name, clock, [1.0], log) for name in "abc"}
        run_rounds(tasks, Schedule(repeats=6, warm_up=0.0, seed=seed), clock=clock)
        return log[6:]  # after a first call and a warm-up run of each

    log = order(seed=1)
    rounds = [log[start : start + 3] for start in range(0, 18, 3)]
    assert all(sorted(names) == ["a", "b", "c"] for names in rounds)
    assert len({tuple(names) for names in rounds}) > 1
    assert log == order(seed=1) != order(seed=2)


def test_slow_task_takes_part_in_fewer_rounds_spread_over_all():
    clock = FakeClock()
    tasks = {"fast": FakeTask("fast", clock, [1.0]), "slow": FakeTask("slow", clock, [10.0])}
    samples = run_rounds(tasks, Schedule(repeats=20, warm_up=0.0, budget=100.0), clock=clock)
    assert samples["fast"].rounds == tuple(range(20))
    assert samples["slow"].rounds == tuple(range(1, 20, 2))


def test_slow_task_still_gets_the_runs_that_an_interval_needs():
    clock = FakeClock()
    samples = run_rounds({"a": FakeTask("a", clock, [20.0])}, Schedule(budget=30.0), clock=clock)["a"]
    assert len(samples.wall) == 6


def test_task_slower_than_the_budget_is_timed_once():
    clock = FakeClock()
    samples = run_rounds({"a": FakeTask("a", clock, [99.0])}, Schedule(budget=50.0), clock=clock)["a"]
    assert (samples.first_call, samples.warm_up_count, samples.wall) == (99.0, 0, (99.0,))


def test_drift_of_the_clock_leaves_the_ratio_of_interleaved_tasks():
    clock = FakeClock(drift=0.005)
    tasks = {"one": FakeTask("one", clock, [1.0]), "two": FakeTask("two", clock, [2.0])}
    samples = run_rounds(tasks, Schedule(repeats=20, warm_up=0.0, budget=1e9), clock=clock)
    assert max(samples["one"].wall) > 1.2 * min(samples["one"].wall)
    ratio = ratio_estimate(samples["two"].wall, samples["one"].wall)
    assert ratio.value == pytest.approx(2.0, rel=0.05)


def test_outliers_do_not_move_the_median():
    clock = FakeClock()
    seconds = [1.0] * 10 + [50.0, 60.0, 70.0] + [1.0] * 20
    samples = run_rounds(
        {"a": FakeTask("a", clock, seconds)}, Schedule(repeats=20, warm_up=0.0, budget=1e9), clock=clock
    )["a"]
    assert max(samples.wall) == 70.0
    assert median_estimate(samples.wall).value == 1.0


def test_task_that_refuses_is_given_up_and_the_others_go_on():
    clock = FakeClock()
    tasks = {
        "bad": FakeTask("bad", clock, [1.0], refusal="no such device"),
        "good": FakeTask("good", clock, [1.0]),
    }
    samples = run_rounds(tasks, Schedule(repeats=3, warm_up=0.0), clock=clock)
    assert samples["bad"].failure == "no such device"
    assert samples["bad"].wall == ()
    assert len(samples["good"].wall) == 3


def test_rounds_are_spread_over_visits_and_a_long_run_is_warmed_up_once():
    clock, schedule = FakeClock(), Schedule(repeats=7, warm_up=1.0, visits=2)
    task = FakeTask("a", clock, [9.0, 8.0, 1.0])
    first = run_rounds({"a": task}, schedule, visit=0, clock=clock)["a"]
    second = run_rounds({"a": task}, schedule, visit=1, warm={"a": 1.0}, clock=clock)["a"]
    both = joined([first, second])
    assert (both.first_call, both.warm_up_count) == (9.0, 1)
    assert both.rounds == tuple(range(7))
    assert both.visits == (0, 0, 0, 1, 1, 1, 1)
    assert both.wall == (1.0,) * 7


@given(st.integers(1, 40), st.integers(1, 12))
def test_visits_share_rounds_and_warm_up_evenly(repeats, visits):
    schedule = Schedule(repeats=repeats, visits=visits, warm_up=2.0)
    parts = [schedule.rounds_of(visit) for visit in range(schedule.visit_count)]
    assert [number for part in parts for number in part] == list(range(repeats))
    sizes = {len(part) for part in parts}
    assert max(sizes) - min(sizes) <= 1
    assert schedule.visit_count == 1 or min(sizes) >= 3
    assert len(parts) == visits or repeats < 3 * (len(parts) + 1)
    assert schedule.warm_up_of_visit * len(parts) == pytest.approx(2.0)


def test_a_visit_of_a_slow_task_that_is_warm_has_as_many_runs_as_another():
    schedule = Schedule(repeats=24, warm_up=0.0, budget=100.0, visits=2)

    def rounds(visit, warm):
        task = FakeTask("a", FakeClock(), [10.0])
        samples = run_rounds({"a": task}, schedule, visit=visit, warm=warm, clock=task.clock)["a"]
        assert (samples.first_call, samples.warm_up_count) == ((0.0, 0) if warm else (10.0, 1))
        return samples.rounds

    assert rounds(0, {}) == (2, 4, 7, 9, 11)
    assert rounds(1, {"a": 10.0}) == rounds(1, {}) == (14, 16, 19, 21, 23)


@pytest.mark.parametrize(("seconds", "warm_ups"), [(1.0, 1), (1.01, 0)])
def test_a_task_that_takes_just_the_budget_is_warmed_up(seconds, warm_ups):
    clock = FakeClock()
    schedule = Schedule(repeats=9, warm_up=0.0, budget=1.0)
    samples = run_rounds({"a": FakeTask("a", clock, [seconds])}, schedule, clock=clock)["a"]
    assert samples.warm_up_count == warm_ups
    assert samples.rounds == ((1, 2, 4, 5, 7, 8) if warm_ups else (8,))
    assert samples.wanted == 9


def test_warm_up_goes_on_until_its_time_is_over():
    def count(warm_up, visits=1):
        clock = FakeClock()
        task = FakeTask("a", clock, [1.0])
        schedule = Schedule(repeats=6, warm_up=warm_up, visits=visits)
        return run_rounds({"a": task}, schedule, clock=clock)["a"].warm_up_count

    # A run takes 1.5 s, preparation included, and is begun while less than the warm-up has passed.
    assert [count(warm_up) for warm_up in (0.0, 1.4, 1.5, 1.6, 3.1)] == [1, 1, 1, 2, 3]
    assert count(3.1, visits=2) == 2


def test_the_budget_counts_from_the_fastest_warm_up_run():
    clock = FakeClock()
    task = FakeTask("a", clock, [9.0, 8.0, 2.0, 8.0])
    schedule = Schedule(repeats=20, warm_up=11.0, budget=20.0)
    samples = run_rounds({"a": task}, schedule, clock=clock)["a"]
    assert (samples.warm_up_count, len(samples.wall)) == (2, 10)


def test_a_refusal_tells_how_long_it_took_and_nothing_else():
    class Refusing(FakeTask):
        def run(self):
            self.clock.let_pass(2.0)
            return super().run()

    clock = FakeClock(now=5.0)
    samples = run_rounds({"a": Refusing("a", clock, [1.0], refusal="no")}, Schedule(), clock=clock)["a"]
    assert samples == Samples(first_call=2.5, failure="no", warm_up_count=0, wanted=0)


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_between_runs_only(enabled):
    class Watching(FakeTask):
        def prepare(self):
            between.append(gc.isenabled())

        def run(self):
            inside.append(gc.isenabled())
            return super().run()

    between, inside, clock, before = [], [], FakeClock(), gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        run_rounds({"a": Watching("a", clock, [1.0])}, Schedule(repeats=2, warm_up=0.0), clock=clock)
    finally:
        (gc.enable if before else gc.disable)()
    assert (set(inside), set(between)) == ({False}, {enabled})


def test_visits_are_joined_in_their_order():
    def visit(number, walls, **others):
        rounds = tuple(round(wall) for wall in walls)
        places = (number,) * len(walls)
        return Samples(wall=walls, inside=walls, calibration=walls, rounds=rounds, visits=places, **others)

    first = visit(0, (1.0,), first_call=3.0, warm_up_count=1, wanted=7)
    second = visit(1, (2.0, 3.0), first_call=0.0, warm_up_count=2, wanted=7, failure="broke")
    assert joined([first, second]) == Samples(
        first_call=3.0,
        warm_up_count=3,
        wall=(1.0, 2.0, 3.0),
        inside=(1.0, 2.0, 3.0),
        rounds=(1, 2, 3),
        wanted=7,
        failure="broke",
        calibration=(1.0, 2.0, 3.0),
        visits=(0, 1, 1),
    )


def test_calibration_is_timed_before_each_run():
    clock = FakeClock()
    samples = run_rounds(
        {"a": FakeTask("a", clock, [1.0])},
        Schedule(repeats=4, warm_up=0.0),
        clock=clock,
        calibrate=lambda: clock.let_pass(0.25),
    )["a"]
    assert samples.calibration == (0.25,) * 4
    assert samples.wall == (1.0,) * 4
