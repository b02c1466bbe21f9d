from argparse import ArgumentParser
from dataclasses import replace

import pytest

from molenspin import benchmark_assembly
from molenspin.backends.protocol import Execution, PhaseSeconds
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import simulation_settings
from molenspin.backends.workload import Contender, Workload
from molenspin.commands import profile as command
from molenspin.errors import MolenspinError
from molenspin.profiling import Stacks, draw_difference, draw_flamegraph, phase_shares, profile
from molenspin.profiling.phases import PHASES


def workload(*, duration=0.2, dt=1e-3):
    return Workload(
        assembly="mill",
        compiled=benchmark_assembly("mill", 4).compile(),
        settings=simulation_settings(duration=duration, dt=dt),
    )


RUST = Contender(label="rust", backend=get_backend("rust"), execution=Execution(threads=1))
NUMPY = Contender(label="numpy", backend=get_backend("numpy"), execution=Execution(threads=1))


def test_python_profile_finds_the_steps_of_the_integrator():
    found = profile(workload(), NUMPY, seconds=0.3)
    names = {name for frames in found.stacks.counts for name in frames}
    assert any("rk4" in name for name in names)
    assert found.unit == "us"
    assert 1e4 < found.stacks.sample_count < 30e6
    assert "4 bodies" in found.title


def test_run_that_stops_early_is_not_profiled():
    with pytest.raises(MolenspinError, match="the run to profile ended as not converged"):
        profile(workload(duration=200.0, dt=1.0), NUMPY, seconds=0.1)


def test_shares_of_the_phases_add_up():
    found = profile(workload(duration=0.01), NUMPY, seconds=0.1)
    phases = PhaseSeconds(stage_evaluation=0.8, constraint_assembly=0.4, newton=0.2, history=0.6)
    shares = phase_shares([replace(found, phases=phases)]).loc[0]
    assert shares[list(PHASES)].tolist() == pytest.approx([0.4, 0.2, 0.1, 0.3])
    blind = phase_shares([replace(found, phases=PhaseSeconds())]).loc[0]
    assert blind[list(PHASES)].isna().all()


def test_native_profile_finds_the_steps_of_the_integrator_and_nothing_of_the_interpreter():
    found = profile(workload(duration=1.0), RUST, seconds=1.0)
    names = {name for frames in found.stacks.counts for name in frames}
    assert any("rk4" in name for name in names)
    assert not any("Py" in name or "closure" in name for name in names)
    assert found.unit == "samples"
    shares = phase_shares([found]).loc[0, list(PHASES)]
    assert shares.sum() == pytest.approx(1.0)
    assert (shares > 0).all()


def test_flamegraphs_show_frames_and_changes():
    before, after = Stacks({("run", "a"): 5, ("run", "b"): 5}), Stacks({("run", "a"): 1, ("run", "b"): 3})
    assert "b (3 samples, 75.00%)" in draw_flamegraph(after, title="after")
    assert "b (3 samples, 75.00%; +25.00%)" in draw_difference(before, after, title="change")


def test_command_writes_flamegraphs_stacks_and_phases(tmp_path, capsys):
    parser = ArgumentParser()
    command.add_arguments(parser)
    options = ["--size", "4", "--duration", "0.5", "--seconds", "0.5", "--output", str(tmp_path / "new")]
    assert command.run(parser.parse_args(options)) == 0
    again = ["--against", str(tmp_path / "new" / "stacks.folded"), "--output", str(tmp_path / "again")]
    command.run(parser.parse_args([*options[:-2], *again]))
    written = sorted(path.name for path in (tmp_path / "again").iterdir())
    assert written == ["difference.svg", "flamegraph.svg", "phases.csv", "stacks.folded"]
    assert "stage_evaluation" in capsys.readouterr().out
