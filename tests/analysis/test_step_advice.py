"""Largest steps of rk4 and verlet on an oscillator, whose stability limits are known."""

import pytest

import molenspin as ms
from molenspin.analysis.step_advice import (
    Criterion,
    StepComparison,
    compare_steps,
    steps_table,
    steps_verdict,
)


@pytest.fixture(scope="module")
def oscillator():
    return ms.benchmark_assembly("shafting", 2)


def test_stability_limits_are_those_of_the_theory(oscillator):
    (found,) = compare_steps(oscillator, duration=5.0, backend="numpy", criteria=[Criterion.STABILITY])
    frequency = (2 * 2000.0) ** 0.5
    assert found.rk4 == pytest.approx(2.828 / frequency, rel=0.05)
    assert found.verlet == pytest.approx(2.0 / frequency, rel=0.05)
    assert found.is_conserved
    assert not found.holds


def test_the_longer_the_run_the_better_verlet_holds_energy(oscillator):
    short, long = (
        compare_steps(oscillator, duration=duration, backend="numpy", criteria=[Criterion.ENERGY])[0]
        for duration in (0.5, 5.0)
    )
    assert long.ratio > 1.4 * short.ratio
    assert long.verlet == pytest.approx(short.verlet, rel=0.3)


def test_table_gives_the_verdict(oscillator):
    found = compare_steps(oscillator, duration=0.5, backend="numpy", criteria=[Criterion.ERROR])
    (row,) = steps_table(found).to_dict("records")
    assert row["about twice"] == "no"
    assert row["energy"] == "conserved"


def test_verdict_names_the_assemblies_for_which_the_advice_holds():
    def comparison(name, verlet):
        return StepComparison(
            assembly=name,
            criterion=Criterion.ENERGY,
            is_conserved=True,
            duration=50.0,
            rk4=1e-3,
            verlet=verlet,
        )

    verdict = steps_verdict([comparison("a", 2e-3), comparison("b", 1e-3), comparison("a", 1e-4)])
    assert verdict.endswith("for: a (energy within 1%, 50 s). Under no criterion for: b.")
