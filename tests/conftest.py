"""Fixtures that several test files share."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import xarray as xr
from catalogue import ASSEMBLIES, BACKENDS, REFERENCE
from hypothesis import HealthCheck, settings

import molenspin as ms

# The same examples in every run, however slow; `--hypothesis-profile search` looks for new ones.
settings.register_profile("search", deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("repeatable", settings.get_profile("search"), derandomize=True)
settings.load_profile("repeatable")

# Whoever runs the tests in the background has Ctrl-C ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the long versions of tests."""
    parser.addoption("--histories", type=int, default=6, help="try so many histories of edits of a sweep")
    parser.addoption("--kills", type=int, default=0, help="kill -9 a run at so many random moments")
    parser.addoption("--every-file", action="store_true", help="damage every file of a store, in every way")
    parser.addoption("--power-states", type=int, default=60, help="look at so many states after a power loss")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Every backend that is installed."""
    return str(request.param)


@pytest.fixture(params=list(ms.Integrator))
def integrator(request: pytest.FixtureRequest) -> str:
    """Every integrator."""
    return str(request.param)


@pytest.fixture(params=ASSEMBLIES)
def assembly_name(request: pytest.FixtureRequest) -> str:
    """Every reference assembly."""
    return str(request.param)


@cache
def _reference_run(assembly: str, integrator: str, backend: str) -> xr.Dataset:
    path = REFERENCE / f"{assembly}.yaml"
    return ms.load_assembly(path).simulate(
        duration=1.0, dt=1e-3, integrator=integrator, backend=backend, save_every=100, record=["reaction"]
    )


@pytest.fixture(scope="session")
def reference_run() -> Callable[[str, str, str], xr.Dataset]:
    """Runs of the reference assemblies over 1 s at dt = 1e-3, each computed once."""
    return _reference_run


@pytest.fixture
def reference_states(assembly_name: str) -> list[dict[str, object]]:
    """The listed states of a reference trajectory up to 1 s."""
    data = json.loads((REFERENCE / f"{assembly_name}.json").read_text())
    return [state for state in data["states"] if state["time"] <= 1.0]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium with a window of its own, which waits for as long as the limit of a test."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install Debian's package chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu"]
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=0)
        window = opened.new_context(viewport={"width": 1280, "height": 900})
        window.set_default_timeout(0)
        yield window
        opened.close()
