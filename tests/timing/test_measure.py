import json
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from timing_fakes import FakeBackend, FakeClock, contender, environment, workload

from molenspin import benchmark_assembly
from molenspin.assembly.compile import compile_ensemble
from molenspin.errors import MolenspinError
from molenspin.output.sealed_files import write_sealed
from molenspin.status import CaseStatus
from molenspin.timing import (
    Schedule,
    Verdict,
    format_table,
    load_timing,
    samples_dataset,
    simulation_task,
    timing_table,
)
from molenspin.timing.environment import refuse_debug_build
from molenspin.timing.measure import measure
from molenspin.timing.memory import PeakMemory
from molenspin.timing.simulation_task import SimulationTask

SCHEDULE = Schedule(repeats=8, warm_up=0.0)


def timed(*backends, trusted=None, schedule=SCHEDULE, dtype="float64"):
    contenders = [contender(backend, dtype=dtype) for backend in backends]
    return measure(
        [workload()], contenders, environment(), schedule=schedule, trusted=trusted, clock=backends[0].clock
    )


def test_medians_and_speedups_come_from_the_timed_runs():
    clock = FakeClock()
    slow = FakeBackend("numpy", clock, lambda call: 9.0 if call == 0 else 2.0)
    fast = FakeBackend("rust", clock, lambda _: 0.5)
    table = timing_table(timed(slow, fast)).set_index("backend")
    assert table.loc["numpy", "median"] == pytest.approx(2.0)
    assert table.loc["numpy", "first_call"] == pytest.approx(9.0)
    assert table.loc["rust", "speedup"] == pytest.approx(4.0)
    assert table.loc["rust", "speedup_low"] == pytest.approx(4.0)
    assert table.loc["rust", "error"] == 0.0
    assert list(table["runs"]) == [8, 8]


def test_later_visits_add_samples_and_call_a_hopeless_backend_no_more():
    clock = FakeClock()
    good = FakeBackend("numpy", clock, lambda _: 2.0)
    slow = FakeBackend("slow", clock, lambda _: 100.0)
    absent = FakeBackend("cuda", clock, lambda _: 1.0, refusal="no CUDA device")
    results = timed(good, slow, absent, schedule=Schedule(repeats=8, warm_up=0.0, budget=60.0, visits=2))
    counts = {record.backend: len(record.samples.wall) for record in results.records}
    assert counts == {"numpy": 8, "slow": 1, "cuda": 0}
    assert len(slow.calls) == 2
    assert results.records[0].samples.visits == (0,) * 4 + (1,) * 4
    assert results.records[0].code


def test_fast_nonsense_is_wrong_and_not_ranked():
    clock = FakeClock()
    right = FakeBackend("numpy", clock, lambda _: 1.0)
    wrong = FakeBackend("quick", clock, lambda _: 0.01, skew=1e-3)
    results = timed(right, wrong)
    physics = results.records[1].physics
    assert physics.verdict is Verdict.WRONG
    assert physics.difference == pytest.approx(1e-3)
    assert physics.error == pytest.approx(1e-3, rel=1e-6)
    table = timing_table(results).set_index("backend")
    assert table.loc["quick", ["median", "speedup"]].isna().all()
    assert "differs from numpy by 1.0e-03" in table.loc["quick", "note"]


def test_single_precision_is_allowed_its_rounding():
    clock = FakeClock()
    right = FakeBackend("numpy", clock, lambda _: 1.0)
    single = FakeBackend("single", clock, lambda _: 1.0, skew=1e-4)
    assert timed(right, single, dtype="float32").records[1].physics.verdict is Verdict.OK


def test_diverged_backend_is_failed_and_another_takes_over_as_trusted():
    clock = FakeClock()
    bad = FakeBackend("numpy", clock, lambda _: 1.0, status=CaseStatus.DIVERGED)
    good = FakeBackend("rust", clock, lambda _: 1.0)
    first, second = timed(bad, good).records
    assert (first.physics.verdict, first.physics.reason) == (Verdict.FAILED, "diverged")
    assert (second.physics.verdict, second.physics.against) == (Verdict.OK, "rust")


def test_states_left_unwritten_are_not_passed_over():
    class Lazy(FakeBackend):
        def run(self, compiled, settings, execution, history):
            fresh = super().run(compiled, settings, execution, history)
            if len(self.calls) > 3:
                history.angle[..., -1] = float("nan")
            return fresh

    clock = FakeClock()
    good = FakeBackend("numpy", clock, lambda _: 1.0)
    lazy = Lazy("lazy", clock, lambda _: 0.1)
    physics = timed(good, lazy).records[1].physics
    assert (physics.verdict, physics.reason) == (Verdict.FAILED, "left states that are not finite")


def test_backend_that_refuses_is_recorded_with_its_message():
    clock = FakeClock()
    good = FakeBackend("numpy", clock, lambda _: 1.0)
    absent = FakeBackend("cuda", clock, lambda _: 1.0, refusal="no CUDA device")
    record = timed(good, absent).records[1]
    physics = record.physics
    assert (physics.verdict, physics.reason, physics.error) == (Verdict.FAILED, "no CUDA device", None)
    assert (physics.newton_iterations, physics.force_evaluations, physics.max_residual) == (0, 0, 0.0)
    assert (record.samples.warm_up_count, record.samples.wall) == (0, ())
    assert "no CUDA device" in format_table(timing_table(timed(good, absent)))


def test_equal_backends_are_not_distinguishable():
    clock = FakeClock()
    seconds = [1.0, 1.1, 0.9, 1.2, 1.05, 0.95, 1.15, 0.85]
    first = FakeBackend("numpy", clock, lambda call: seconds[call % 8])
    second = FakeBackend("rust", clock, lambda call: seconds[call % 8])
    assert "not distinguishable from numpy" in format_table(timing_table(timed(first, second)))


def test_few_runs_have_no_interval_and_the_table_says_so():
    clock = FakeClock()
    backend = FakeBackend("numpy", clock, lambda _: 1.0)
    table = timing_table(timed(backend, schedule=replace(SCHEDULE, repeats=5)))
    assert table["median_low"].isna().all()
    assert "too few runs for an interval" in format_table(table)


def test_memory_holds_the_result_buffers_and_no_device_where_there_is_none():
    clock = FakeClock()
    results = timed(FakeBackend("numpy", clock, lambda _: 1.0))
    buffers = 4 * 2 * 11 * 8  # four variables of two bodies at eleven times
    assert results.records[0].peak_memory is None or results.records[0].peak_memory >= buffers
    assert results.records[0].peak_device_memory is None
    assert "n/a" in format_table(timing_table(results))


def test_a_task_holds_buffers_for_what_is_recorded_and_gives_idle_memory_back_once(monkeypatch):
    given_back = []
    monkeypatch.setattr(simulation_task, "give_back_idle_memory", lambda: given_back.append(True))
    mill = replace(workload(), compiled=benchmark_assembly("mill", 4).compile())
    task = SimulationTask(mill, contender(FakeBackend("numpy", FakeClock(), lambda _: 1.0)))
    for _ in range(3):
        task.prepare()
        task.run()
    assert given_back == [True]
    task.peak = PeakMemory(bytes=1000)
    assert task.host_bytes == 1000 + 4 * 4 * 11 * 8  # no reaction
    task.peak = PeakMemory()
    assert task.host_bytes is None


@pytest.mark.parametrize(("name", "device_bytes"), [("torch", 7), ("numpy", None)])
def test_memory_of_a_device_is_that_of_backends_that_use_one(name, device_bytes):
    task = SimulationTask(workload(), contender(FakeBackend(name, FakeClock(), lambda _: 1.0)))
    task.peak = PeakMemory(bytes=1000, device_bytes=7)
    assert task.device_bytes == device_bytes


def test_results_survive_the_file(tmp_path):
    clock = FakeClock()
    good = FakeBackend("numpy", clock, lambda call: 0.1 + 1e-9 * call)
    bad = FakeBackend("quick", clock, lambda _: 0.01, status=CaseStatus.DIVERGED)
    for results in (timed(bad, good), timed(bad)):
        results.save(tmp_path / "timing.json")
        assert load_timing(tmp_path / "timing.json") == results


def test_samples_come_as_a_dataset_with_gaps_where_a_slow_backend_did_not_run():
    clock = FakeClock()
    slow = FakeBackend("numpy", clock, lambda _: 8.0)
    fast = FakeBackend("rust", clock, lambda _: 0.5)
    results = timed(slow, fast, schedule=Schedule(repeats=12, warm_up=0.0, budget=50.0))
    dataset = samples_dataset(results).set_index(record="backend")
    assert dataset["wall"].sel(record="numpy").count() == 6
    np.testing.assert_allclose(dataset["wall"].sel(record="rust"), 0.5)
    assert dataset["wall"].attrs["units"] == "s"
    assert dataset["calibration"].count() == dataset["wall"].count()
    assert dataset["visit"].isnull().all()  # only one


@dataclass
class SteppedBackend(FakeBackend):
    """Notes the steps that it is asked for; may diverge below one; errs by as much of a step."""

    steps: list[tuple[float, int, int, str]] = field(default_factory=list)
    diverges_below: float = 0.0

    def run(self, compiled, settings, execution, history):
        self.steps.append((settings.dt, settings.step_count, settings.save_every, settings.integrator.value))
        done = super().run(compiled, settings, execution, history)
        history.angle[:] *= 1 + settings.dt**4
        if settings.dt < self.diverges_below:
            return replace(done, status=np.full_like(done.status, CaseStatus.DIVERGED))
        return done


def test_errors_refer_to_finer_steps_of_the_fastest_correct_backend():
    clock = FakeClock()
    slow = SteppedBackend("numpy", clock, lambda _: 1.0)
    fast = SteppedBackend("rust", clock, lambda call: 0.9 + 3.0 * (call == 5))  # disturbed once
    wrong = FakeBackend("quick", clock, lambda _: 0.01, skew=1e-3)
    records = timed(slow, fast, wrong, trusted="numpy").records
    assert set(slow.steps) == {(0.1, 10, 1, "rk4")}
    assert set(fast.steps) == {(0.1, 10, 1, "rk4"), (0.05, 20, 2, "rk4"), (0.025, 40, 4, "rk4")}
    assert {record.physics.reference for record in records} == {"rust, rk4, dt = 0.025 s"}
    change = 0.05**4 - 0.025**4  # of an angle that ends at 1 rad
    assert records[1].physics.error == pytest.approx(0.1**4 - 0.025**4, rel=0.01)
    assert records[1].physics.uncertainty == pytest.approx(change, rel=1e-6)


def test_without_a_reference_there_are_no_errors():
    clock = FakeClock()
    backend = SteppedBackend("numpy", clock, lambda _: 1.0, diverges_below=0.1)
    (record,) = timed(backend).records
    assert (record.physics.verdict, record.physics.error) == (Verdict.OK, None)
    single = FakeBackend("single", clock, lambda _: 1.0)
    assert timed(single, dtype="float32").records[0].physics.error is None


def test_a_reference_that_lacks_a_member_gives_no_errors():
    class LosesOne(SteppedBackend):
        def run(self, compiled, settings, execution, history):
            done = super().run(compiled, settings, execution, history)
            return replace(done, status=np.array([CaseStatus.OK, done.status[1]], dtype=np.int8))

    shafting = benchmark_assembly("shafting", 2)
    inertias = {f"{shafting.bodies[0].name}.inertia": np.array([1.0, 2.0])}
    two = replace(workload(), compiled=compile_ensemble(shafting, inertias))
    clock = FakeClock()
    backend = LosesOne("numpy", clock, lambda _: 1.0, diverges_below=0.1)
    (record,) = measure([two], [contender(backend)], environment(), schedule=SCHEDULE, clock=clock).records
    assert (record.physics.verdict, record.physics.error) == (Verdict.OK, None)


@pytest.mark.parametrize(("trusted", "against"), [(None, "numpy"), ("numpy", "numpy"), ("rust", "rust")])
def test_the_trusted_backend_may_be_any(trusted, against):
    clock = FakeClock()
    first = FakeBackend("numpy", clock, lambda _: 1.0, skew=1e-3)
    second = FakeBackend("rust", clock, lambda _: 1.0)
    records = timed(first, second, trusted=trusted).records
    assert {record.physics.against for record in records} == {against}
    assert [record.backend for record in records if record.physics.verdict is Verdict.OK] == [against]


def test_what_a_backend_said_last_is_recorded():
    clock = FakeClock()
    (record,) = timed(FakeBackend("numpy", clock, lambda _: 1.0)).records
    assert (record.path, record.session, record.samples.wanted) == ("fake", environment().session, 8)
    assert len(record.samples.calibration) == 8


def test_each_workload_is_announced_and_visits_are_numbered_if_there_are_several():
    def lines(visits):
        clock, found = FakeClock(), []
        backend = FakeBackend("numpy", clock, lambda _: 1.0)
        schedule = Schedule(repeats=6, warm_up=0.0, visits=visits)
        measure(
            [workload(), workload()],
            [contender(backend)],
            environment(),
            schedule=schedule,
            clock=clock,
            progress=found.append,
        )
        return found

    name = "shafting 2 bodies, rk4 dt=0.1 s, 10 steps"
    assert lines(1) == [f"[1/2] {name}", f"[2/2] {name}"]
    assert lines(2) == [f"[{work}/2] {name}, visit {visit} of 2" for visit in (1, 2) for work in (1, 2)]


def test_a_backend_that_turns_wrong_in_a_later_visit_is_wrong():
    clock = FakeClock()
    good = FakeBackend("numpy", clock, lambda _: 1.0)
    turned = FakeBackend("rust", clock, lambda _: 1.0)

    def turn(line):
        turned.skew = 1e-3 * ("visit 2" in line)

    schedule = Schedule(repeats=9, warm_up=0.0, visits=3)
    results = measure(
        [workload()],
        [contender(good), contender(turned)],
        environment(),
        schedule=schedule,
        clock=clock,
        progress=turn,
    )
    assert [record.physics.verdict for record in results.records] == [Verdict.OK, Verdict.WRONG]
    assert len(results.records[1].samples.wall) == 9


def test_only_runs_longer_than_a_warm_up_stay_warm():
    def runs(seconds):
        clock = FakeClock()
        backend = FakeBackend("numpy", clock, lambda _: seconds)
        timed(backend, schedule=Schedule(repeats=6, warm_up=2.0, visits=2))
        return len(backend.calls)

    # Two visits of three runs, a first call and warm-up runs of 1 s in all; then the reference's two runs.
    assert runs(1.0) == (1 + 1 + 3 + 2) + 3
    assert runs(0.99) == (1 + 2 + 3 + 2) + (1 + 2 + 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a file of timing results"),
        ('{"environments": [], "records": [], "x": 1}', "earlier version of molenspin.*time again"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, text, message):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(MolenspinError, match=message) as caught:
        load_timing(path)
    assert "\n" not in str(caught.value)


def test_a_sealed_file_with_other_content_says_where(tmp_path):
    path = tmp_path / "timing.json"
    timed(FakeBackend("numpy", FakeClock(), lambda _: 1.0)).save(path)
    sealed = json.loads(path.read_text())
    seal = sealed.pop("seal")
    sealed["records"][0]["case"]["dt"] = "short"
    write_sealed(path, sealed, key=seal["key"], kind=seal["kind"])
    with pytest.raises(MolenspinError, match=r"'records\.0\.case\.dt': Input should be a valid number"):
        load_timing(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(MolenspinError, match=r"absent\.json: cannot be read"):
        load_timing(tmp_path / "absent.json")


def test_debug_build_is_refused():
    with pytest.raises(MolenspinError, match="--release"):
        refuse_debug_build("debug")
    refuse_debug_build("release")
    refuse_debug_build(None)
