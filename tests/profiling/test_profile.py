from dataclasses import replace

import pytest

from molenspin import benchmark_assembly
from molenspin.backends.protocol import Execution, PhaseSeconds
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import simulation_settings
from molenspin.backends.workload import Contender, Workload
from molenspin.errors import MolenspinError
from molenspin.profiling import phase_shares, profile


def workload(*, duration=0.2, dt=1e-3):
    return Workload(
        assembly="mill",
        compiled=benchmark_assembly("mill", 4).compile(),
        settings=simulation_settings(duration=duration, dt=dt),
    )


NUMPY = Contender(label="numpy", backend=get_backend("numpy"), execution=Execution(threads=1))


def test_python_profile_finds_the_steps_of_the_integrator():
    found = profile(workload(), NUMPY, seconds=0.3)
    names = {name for frames in found.stacks.counts for name in frames}
    assert any("rk4" in name for name in names)
    assert found.unit == "us"
    assert 0.2e6 < found.stacks.sample_count < 30e6
    assert "4 bodies" in found.title


def test_run_that_stops_early_is_not_profiled():
    with pytest.raises(MolenspinError, match="the run to profile ended as not converged"):
        profile(workload(duration=200.0, dt=1.0), NUMPY, seconds=0.1)


def test_shares_of_the_phases_and_the_rest_add_up():
    found = profile(workload(duration=0.01), NUMPY, seconds=0.1)
    phases = PhaseSeconds(stage_evaluation=0.4, constraint_assembly=0.2, newton=0.1, history=0.2)
    shares = phase_shares([replace(found, phases=phases, elapsed=1.0)]).loc[0]
    assert shares["stage_evaluation"] == 0.4
    assert shares["other"] == pytest.approx(0.1)
    blind = phase_shares([replace(found, phases=PhaseSeconds())]).loc[0]
    assert blind[["newton", "other"]].isna().all()
