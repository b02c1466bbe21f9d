"""`molenspin advise`: the advice holds, is the largest such step, and bad values get one line."""

import numpy as np
import pytest

import molenspin as ms
from molenspin.analysis import advice, run_times
from molenspin.analysis.advice import SAMPLES, advise
from molenspin.analysis.norms import error_norms
from molenspin.analysis.reference import reference_solution
from molenspin.commands.entry_point import main
from molenspin.timing.rounds import Schedule


@pytest.fixture(autouse=True)
def quick_timing(monkeypatch):
    monkeypatch.setattr(run_times, "SCHEDULE", Schedule(repeats=1, warm_up=0.0))


def test_the_step_reaches_the_error_and_a_larger_one_does_not():
    assembly, duration, wanted = ms.benchmark_assembly("rig", 4), 0.2, 1e-6
    found = advise(assembly, error=wanted, duration=duration, backends=["numpy"])
    reference = reference_solution(assembly, np.linspace(0, duration, SAMPLES + 1))
    for candidate in found.candidates[:2]:
        errors = [
            float(
                error_norms(
                    assembly.simulate(
                        duration=duration,
                        dt=duration / (SAMPLES * steps),
                        integrator=candidate.integrator,
                        backend="numpy",
                        save_every=steps,
                    ),
                    reference,
                )["angle"].sel(norm="max")
            )
            for steps in (candidate.step_count // SAMPLES, candidate.step_count // SAMPLES // 2)
            if steps
        ]
        assert errors[0] == candidate.error <= wanted
        assert all(error > wanted for error in errors[1:])


def test_what_cannot_reach_the_error_says_so(monkeypatch):
    monkeypatch.setitem(advice.STEP_LIMITS, "numpy", 1000)
    table = advise(ms.benchmark_assembly("rig", 4), error=1e-9, duration=0.1, backends=["numpy"]).table()
    assert table.loc[0, "integrator"] == "rk4"
    assert table.set_index("integrator").loc["euler", "note"].startswith("would need about")


def test_command_tells_how_much_faster_than_the_baseline(capsys):
    arguments = ["--error", "1e-4", "--duration", "0.1", "--backends", "rust,numpy"]
    assert main(["advise", "--assembly", "train:4", *arguments]) == 0
    second = capsys.readouterr().out.splitlines()[1]
    assert "× (too few runs for an interval) as fast as numpy at its best" in second


def test_command_prints_the_answer_first(capsys):
    arguments = ["--error", "1e-4", "--duration", "0.1", "--backends", "numpy"]
    assert main(["advise", "--assembly", "train:4", *arguments]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("train4, 0.1 s, error at most 0.0001 rad: use ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--assembly", "mill:x", "--error", "1e-6"], "number of bodies"),
        (["--assembly", "mill:5", "--error", "1e-6"], "multiple of 4"),
        (["--assembly", "nowhere.yaml", "--error", "1e-6"], "nowhere.yaml"),
        (["--assembly", "mill:4", "--error", "-1"], "--error"),
        (["--assembly", "mill:4", "--error", "1e-15", "--duration", "0.1"], "cannot be checked"),
        (["--assembly", "mill:4", "--error", "1e-6", "--backends", "nmpy"], "numpy"),
    ],
)
def test_bad_values_get_one_line(arguments, message, capsys):
    assert main(["advise", *arguments]) == 2
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert complaint.startswith("molenspin: ")
    assert message in complaint
