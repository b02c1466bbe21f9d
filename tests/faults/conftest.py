"""A sweep of its own for each test, and what it leaves behind when nothing disturbs it."""

import pytest
from fragile_sweep import Sweep
from run_sweep import run_sweep


@pytest.fixture
def sweep(tmp_path):
    return Sweep(tmp_path / "sweep")


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory):
    """What a run that nothing disturbs leaves behind."""
    sweep = Sweep(tmp_path_factory.mktemp("uninterrupted"))
    assert run_sweep(sweep.config) == 12
    return sweep.results()
