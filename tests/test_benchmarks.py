"""The benchmarks run, and the rivals compute the rig: tiny sizes, no time asserted."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from benchmarks import (
    against_rivals,
    counters,
    ensembles,
    ensembles_against_rivals,
    latency,
    overhead,
    recording,
    scaling,
    session,
)
from benchmarks.records import paired_speedup
from benchmarks.render import render
from benchmarks.rivals import ENSEMBLE_RIVALS, RIVALS, get_ensemble_rival, get_rival
from benchmarks.rivals.exact import angle_error, displacement_error, ensemble_error
from benchmarks.rivals.protocol import EnsembleRun, RigHistory, RigRun, Rival, Simulate
from benchmarks.rivals.reduced_rig import ReducedRig
from benchmarks.separate_runs import SeparateRuns
from molenspin import _core
from molenspin.assembly.families import benchmark_assembly
from molenspin.backends.protocol import Execution, Settings
from molenspin.backends.registry import get_backend
from molenspin.integrators import Integrator
from molenspin.simulation.history import allocate_history
from molenspin.timing import TimingCase, TimingRecord, Verdict, load_timing
from molenspin.timing.records import Physics
from molenspin.timing.samples import Samples

SOFT = {"mujoco": 1e-6}
"""Allowed error of rivals whose constraints are soft [rad]; 1e-8 for all others."""

QUICK = ("--steps", "20", "--repeats", "6", "--warm-up", "0.001", "--budget", "0.5", "--sizes", "4")
NUMPY_ON_RIG = ("--backend", "numpy", "--families", "rig")

COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], tuple[str, ...]]] = {
    "rivals": (against_rivals.main, ("--rivals", "numpy", "scipy")),
    "latency": (latency.main, ("--families", "mill", "--integrators", "euler")),
    "ensembles": (ensembles.main, (*NUMPY_ON_RIG, "--members", "2")),
    "ensemble_rivals": (ensembles_against_rivals.main, ("--members", "3")),
    "recording": (recording.main, NUMPY_ON_RIG),
    "scaling": (scaling.main, NUMPY_ON_RIG),
    "counters": (counters.main, ()),
}

ignore_warnings_of_rivals = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=RIVALS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def rival(name: str) -> Rival:
    try:
        return get_rival(name)
    except ImportError as error:
        pytest.skip(f"{name}: {error}")


@ignore_warnings_of_rivals
def test_a_rival_computes_the_rig(rival: Rival, name: str) -> None:
    run = RigRun(body_count=12, step_count=300)
    history = rival.prepare(run)()
    assert angle_error(history, run.step_count * run.dt) < SOFT.get(name, 1e-8)
    assert displacement_error(history, run.times) < 1e-9


@ignore_warnings_of_rivals
def test_a_second_run_of_a_rival_repeats_the_first(rival: Rival) -> None:
    simulate = rival.prepare(RigRun(body_count=4, step_count=50))
    first = np.array(simulate().angular_velocity)
    assert np.all(first[-1] != 0.0)
    np.testing.assert_array_equal(simulate().angular_velocity, first)


@ignore_warnings_of_rivals
@pytest.mark.parametrize("name", ENSEMBLE_RIVALS)
def test_a_rival_computes_every_member(name: str) -> None:
    try:
        rival = get_ensemble_rival(name)
    except ImportError as error:
        pytest.skip(f"{name}: {error}")
    rigs = ReducedRig.varied(body_count=12, member_count=11)
    run = EnsembleRun(inertia=rigs.inertia, mass=rigs.mass, step_count=300)
    assert ensemble_error(rival.prepare(run)(), run) < 1e-8


class _Standstill:
    """A rival that is fast because it computes nothing."""

    label = "standstill"
    method = "none"
    full_size = largest_size = 4

    def prepare(self, run: RigRun) -> Simulate:
        zeros = np.zeros((run.step_count + 1, run.body_count))
        history = RigHistory(angle=zeros, displacement=zeros, angular_velocity=zeros, velocity=zeros)
        return lambda: history


def test_a_rival_that_computes_something_else_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(against_rivals, "installed", lambda *_: [_Standstill()])
    output = tmp_path / "rivals.json"
    against_rivals.main(["--sizes", "4", "--steps", "500", "--repeats", "1", "--output", str(output)])
    (record,) = load_timing(output).records
    assert record.physics.verdict is Verdict.WRONG
    assert "off by" in record.physics.reason


@pytest.fixture
def installed_core_for_every_variant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Building the core takes minutes."""
    builds = dict.fromkeys(counters.VARIANTS, Path(str(_core.__file__)))
    monkeypatch.setattr(counters, "build", lambda _: builds)


@pytest.mark.usefixtures("installed_core_for_every_variant")
@pytest.mark.parametrize("section", COMMANDS)
def test_a_benchmark_fills_its_section(section: str, tmp_path: Path) -> None:
    command, options = COMMANDS[section]
    assert command([*QUICK, *options, "--output", str(tmp_path / f"{section}.json")]) == 0
    document = render(f"before\n<!-- begin {section} -->\nold\n<!-- end {section} -->\nafter", tmp_path)
    assert document.startswith("before\n")
    assert document.endswith("\nafter")
    assert "old" not in document
    assert document.count("\n| ") >= 3
    assert "processors" in document


def test_an_interrupted_benchmark_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "latency.json"

    def sessions(*options: str) -> dict[int, str]:
        latency.main([*QUICK, *COMMANDS["latency"][1], "--output", str(path), *options])
        return {record.case.body_count: record.session for record in load_timing(path).records}

    first = sessions()
    resumed = sessions("--sizes", "4", "12", "--resume")
    assert resumed[4] == first[4] != resumed[12]
    repeated = sessions("--sizes", "4")
    assert repeated[12] == resumed[12]
    assert repeated[4] not in resumed.values()
    assert {known.session for known in load_timing(path).environments} == set(repeated.values())


def made_record(backend: str, *, rounds: tuple[int, ...], wall: tuple[float, ...]) -> TimingRecord:
    case = TimingCase(
        assembly="rig",
        body_count=4,
        member_count=16,
        integrator=Integrator.RK4,
        dt=session.DT,
        step_count=10,
        save_every=10,
    )
    samples = Samples(first_call=1.0, rounds=rounds, wall=wall)
    return TimingRecord(
        case=case, backend=backend, session="made", samples=samples, physics=Physics(verdict=Verdict.OK)
    )


def test_a_gain_compares_the_runs_of_the_same_rounds() -> None:
    slow = made_record("1 thread", rounds=(0, 1, 2), wall=(4.0, 40.0, 6.0))
    fast = made_record("2 threads", rounds=(1, 2, 3), wall=(20.0, 3.0, 1.0))
    gain = paired_speedup(slow, fast)
    assert gain is not None
    assert gain.value == 2.0
    assert paired_speedup(slow, made_record("none", rounds=(7,), wall=(1.0,))) is None


def test_separate_runs_compute_the_ensemble() -> None:
    compiled = ensembles.varied_ensemble(benchmark_assembly("mill", 4), 5)
    settings = Settings(dt=session.DT, step_count=20, integrator=Integrator.RK4)
    whole, cut = (allocate_history(compiled, settings, reaction=False) for _ in range(2))
    backend = get_backend("numpy")
    expected = backend.run(compiled, settings, Execution(threads=1), whole)
    outcome = SeparateRuns(backend).run(compiled, settings, Execution(threads=2), cut)
    np.testing.assert_array_equal(cut.angle, whole.angle)
    np.testing.assert_array_equal(outcome.newton_iterations, expected.newton_iterations)


def test_dense_baselines_run_fewer_steps_on_large_assemblies() -> None:
    def steps(body_count: int) -> int:
        return session.affordable_steps(10_000, body_count=body_count, full_size=48)

    assert [steps(48), steps(96), steps(12288)] == [10_000, 1250, 20]


def test_the_parts_of_a_sweep_add_up_to_its_core_time():
    begin = perf_counter()
    shares = overhead.measure(cases=4, size=4, duration=0.1, cores=2)
    assert min(shares.simulation, shares.planning, shares.storage) > 0
    assert shares.total <= 2 * (perf_counter() - begin)
