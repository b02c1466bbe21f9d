"""The benchmarks run, and the rivals compute the rig: tiny sizes, no time asserted."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import against_rivals, ensembles, latency, recording, scaling
from benchmarks.render import SECTIONS, render
from benchmarks.rivals import RIVALS, get_rival
from benchmarks.rivals.exact import angle_error, displacement_error
from benchmarks.rivals.protocol import RigHistory, RigRun, Rival, Simulate
from molenspin.timing import Verdict, load_timing

SOFT = {"mujoco": 1e-6}
"""Allowed error of rivals whose constraints are soft [rad]; 1e-8 for all others."""

QUICK = ("--steps", "20", "--repeats", "6", "--warm-up", "0.001", "--budget", "0.5", "--sizes", "4")
NUMPY_ON_RIG = ("--backend", "numpy", "--families", "rig")

COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], tuple[str, ...]]] = {
    "rivals": (against_rivals.main, ("--rivals", "numpy", "scipy")),
    "latency": (latency.main, ("--families", "mill", "--integrators", "euler")),
    "ensembles": (ensembles.main, (*NUMPY_ON_RIG, "--members", "2")),
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
    monkeypatch.setattr(against_rivals, "installed_rivals", lambda _: [_Standstill()])
    output = tmp_path / "rivals.json"
    against_rivals.main(["--sizes", "4", "--steps", "500", "--repeats", "1", "--output", str(output)])
    (record,) = load_timing(output).records
    assert record.physics.verdict is Verdict.WRONG
    assert "off by" in record.physics.reason


@pytest.mark.parametrize("section", SECTIONS)
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
        return against_rivals.affordable_steps(10_000, body_count=body_count, full_size=48)

    assert [steps(48), steps(96), steps(12288)] == [10_000, 1250, 20]
