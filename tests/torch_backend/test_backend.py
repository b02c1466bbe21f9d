"""The torch backend on the CPU: what it reports, refuses and splits."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import molenspin as ms

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from molenspin.assembly.compile import compile_ensemble  # noqa: E402
from molenspin.backends.protocol import Execution, Settings  # noqa: E402
from molenspin.backends.torch import TorchBackend, backend  # noqa: E402
from molenspin.backends.torch.devices import claimed_device  # noqa: E402
from molenspin.integrators import Integrator  # noqa: E402
from molenspin.simulation.history import allocate_history  # noqa: E402

REFERENCE = Path(__file__).parents[1] / "reference"
PARAMETERS = {"spur0.inertia": [400.0, 420.0, 440.0], "stone0.mass": [700.0, 750.0, 800.0]}
RUN = {"duration": 0.02, "dt": 1e-3, "device": "cpu"}


def test_importing_molenspin_does_not_import_torch():
    code = "import sys, molenspin, molenspin.backends.registry; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_path_is_reported():
    run = ms.benchmark_assembly("mill", 4).simulate(backend="torch", **RUN)
    assert run.attrs["path"] == "torch tensors float64 on cpu"


def test_float32_agrees_to_its_precision(integrator):
    assembly = ms.load_assembly(REFERENCE / "zoo-b.yaml")
    options = {"duration": 0.1, "dt": 1e-3, "integrator": integrator}
    exact = assembly.simulate(backend="numpy", **options)
    single = assembly.simulate(backend="torch", device="cpu", dtype="float32", **options)
    assert float(np.abs(exact.angle - single.angle).max()) < 1e-5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "tpu"}, "use one of auto, cpu, cuda, mps"),
        pytest.param(
            {"device": "cuda:7"},
            "PyTorch sees",
            marks=pytest.mark.skipif(torch.cuda.device_count() > 7, reason="has that many devices"),
        ),
        pytest.param(
            {"device": "mps"},
            "no Apple GPU",
            marks=pytest.mark.skipif(torch.backends.mps.is_available(), reason="has an Apple GPU"),
        ),
    ],
)
def test_devices_that_cannot_be_had_are_refused(options, message):
    with pytest.raises(ms.MolenspinError, match=message):
        ms.benchmark_assembly("mill", 4).simulate(duration=0.01, dt=1e-3, backend="torch", **options)


def test_out_of_memory_splits_the_batch_and_says_so(monkeypatch):
    compiled = compile_ensemble(ms.benchmark_assembly("mill", 4), PARAMETERS)
    settings = Settings(dt=1e-3, step_count=10, integrator=Integrator.RK4)
    start = backend.start

    def short_of_memory(compiled, *arguments):
        if compiled.member_count > 1:
            raise torch.OutOfMemoryError("full")
        return start(compiled, *arguments)

    def run():
        history = allocate_history(compiled, settings, reaction=True)
        return history, TorchBackend().run(compiled, settings, Execution(device="cpu"), history)

    whole, _ = run()
    monkeypatch.setattr(backend, "start", short_of_memory)
    parts, outcome = run()
    assert outcome.path.endswith("in 3 parts: the device was out of memory")
    for name in ("angle", "velocity", "reaction"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12, atol=1e-15)
    assert outcome.status.tolist() == [1, 1, 1]


def test_members_that_a_captured_graph_leaves_unconverged_run_again(monkeypatch):
    def impatient(begin, settings, *, reaction):
        run = backend.run_eagerly(begin, settings, reaction=reaction)
        run.progress.status[0] = int(ms.CaseStatus.NOT_CONVERGED)
        return run

    monkeypatch.setattr(backend, "run_captured", impatient)
    compiled = compile_ensemble(ms.benchmark_assembly("mill", 4), PARAMETERS)
    settings = Settings(dt=1e-3, step_count=5, integrator=Integrator.RK4)
    history = allocate_history(compiled, settings, reaction=False)
    outcome = TorchBackend("captured").run(compiled, settings, Execution(device="cpu"), history)
    assert outcome.status.tolist() == [1, 1, 1]
    assert "more Newton iterations" in outcome.path


def test_jobs_claim_different_devices(tmp_path):
    with claimed_device(tmp_path, count=2) as first:
        with claimed_device(tmp_path, count=2) as second:
            assert {first, second} == {"cuda:0", "cuda:1"}
        with claimed_device(tmp_path, count=2) as again:
            assert again == second
    with claimed_device(tmp_path, count=0) as none:
        assert none == "cuda:0"
