"""The benchmarks run, and the rivals compute the rig: tiny sizes, no time asserted."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from benchmarks import (
    against_rivals,
    ensembles,
    ensembles_against_rivals,
    latency,
    overhead,
    recording,
    scaling,
    session,
)
from benchmarks.render import render
from benchmarks.rivals import ENSEMBLE_RIVALS, RIVALS, get_ensemble_rival, get_rival
from benchmarks.rivals.exact import angle_error, displacement_error, ensemble_error
from benchmarks.rivals.protocol import EnsembleRun, RigHistory, RigRun, Rival, Simulate
from benchmarks.rivals.reduced_rig import ReducedRig
from molenspin.timing import Verdict, load_timing

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


def test_dense_baselines_run_fewer_steps_on_large_assemblies() -> None:
    def steps(body_count: int) -> int:
        return session.affordable_steps(10_000, body_count=body_count, full_size=48)

    assert [steps(48), steps(96), steps(12288)] == [10_000, 1250, 20]


def test_the_parts_of_a_sweep_add_up_to_its_core_time():
    begin = perf_counter()
    shares = overhead.measure(cases=4, size=4, duration=0.1, cores=2)
    assert min(shares.simulation, shares.planning, shares.storage, shares.scheduling) > 0
    assert shares.total <= 2 * (perf_counter() - begin)
