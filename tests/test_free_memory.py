import numpy as np
import pytest

import molenspin as ms
from molenspin.backends import free_memory
from molenspin.backends.numpy_dense import NumpyBackend
from molenspin.backends.numpy_model import DenseModel, dense_bytes


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "free_bytes", lambda: 2.0**18)
    monkeypatch.setattr(free_memory, "UNCHECKED_BYTES", 2**10)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    ("size", "options", "message"),
    [
        (
            4,
            {"duration": 100.0, "backend": "numpy"},
            "100001 states of 4 bodies, 1 members, would need 0.0119 GiB",
        ),
        (
            64,
            {"duration": 0.01, "backend": "numpy"},
            "matrices of 64 bodies would need .* use backend",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_allocated(size: int, options: dict, message: str):
    with pytest.raises(ms.InvalidValueError, match=message):
        ms.benchmark_assembly("train", size).simulate(dt=0.001, **options)


def test_running_out_of_memory_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch):
    def run(*_: object) -> None:
        raise np._core._exceptions._ArrayMemoryError((10**9,), np.dtype(float))

    monkeypatch.setattr(NumpyBackend, "run", run)
    with pytest.raises(ms.MolenspinError, match="backend numpy ran out of memory"):
        ms.benchmark_assembly("mill", 4).simulate(duration=0.01, dt=0.001, backend="numpy")


@pytest.mark.parametrize("family", ["mill", "train", "shafting", "rig"])
def test_the_dense_model_takes_no_more_than_estimated(family: str):
    compiled = ms.benchmark_assembly(family, 40).compile()
    held = sum(value.nbytes for value in vars(DenseModel(compiled)).values() if isinstance(value, np.ndarray))
    assert held <= dense_bytes(compiled) <= 20 * held


def test_free_memory_is_read_from_the_system():
    assert free_memory.free_bytes() > 2**20
