"""Mutants tried against the tests that run their line, each in a process that starts with the libraries."""

import contextlib
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import process_time

import pytest

from .coverage_by_test import OPTIONS, Coverage, enter
from .mutations import Mutant

TIME_TO_START, SLOWDOWN = 20.0, 10.0
"""Processor time that starting may take [s], and a test as a multiple of its own run time."""

WAITING = 300
"""Seconds that a test may wait for something without using the processor."""

PYTEST_ENDED = 100
"""Added to pytest's exit code: a process that ends with a smaller one never came to run the tests."""

SURVIVES = {PYTEST_ENDED + code for code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)}


@dataclass(frozen=True)
class _Selection:
    """Keeps the given tests, in the given order, and stops one that takes far longer than its seconds."""

    seconds: dict[str, float]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        place = {test: index for index, test in enumerate(self.seconds)}
        items[:] = sorted(
            (item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid]
        )

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        _limit_processor_time(SLOWDOWN * self.seconds[nodeid])


def _limit_processor_time(seconds: float) -> None:
    """End this process once it has used so much more than now, and the time that starting may take."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(process_time() + TIME_TO_START + seconds) + 1, most))


def copy_checkout(source: Path, target: Path) -> None:
    """What git tracks or would track, and the compiled core."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=source, text=True
    )
    core = [str(path.relative_to(source)) for path in (source / "molenspin").glob("_core*.so")]
    for name in {*listed.split("\0"), *core} - {""}:
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


class Trials:
    """Runs tests in copies of the checkout, in forks of a process that has imported the libraries."""

    def __init__(self, covered: Coverage, checkouts: list[Path]) -> None:
        self.covered = covered
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(covered.modules)
        self.free: SimpleQueue[Path] = SimpleQueue()
        for checkout in checkouts:
            self.free.put(checkout)
        self.jobs = len(checkouts)

    def caught(self, mutants: list[Mutant]) -> Iterator[bool]:
        """Whether each mutant is caught, in their order; as many at a time as there are copies."""
        with ThreadPoolExecutor(self.jobs) as pool:
            yield from pool.map(self.is_caught, mutants)

    def is_caught(self, mutant: Mutant) -> bool:
        """Whether a test fails, the import fails, or the tests take far longer than they did."""
        tests = self.covered.of(mutant.path, mutant.lines if mutant.in_function else None)
        if not tests and not mutant.in_function:  # a module of declarations only, which every test imports
            tests = set(self.covered.seconds)
        if not tests:
            return False
        checkout = self.free.get()
        path = checkout / mutant.path
        original = path.read_bytes()
        path.write_bytes(mutant.apply(original))
        try:
            return not self.passes(checkout, self.covered.cheapest_first(tests))
        finally:
            path.write_bytes(original)
            self.free.put(checkout)

    def passes(self, checkout: Path, tests: list[str]) -> bool:
        """Whether these tests pass in a copy of the checkout, in time."""
        seconds = {test: self.covered.seconds[test] for test in tests}
        process = self.context.Process(target=_run_tests, args=(checkout, seconds))
        process.start()
        process.join()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)  # what a test has left running
        if 0 <= (process.exitcode or 0) < PYTEST_ENDED:
            raise SystemExit(f"The tests could not be started: exit code {process.exitcode}")
        return process.exitcode in SURVIVES


def _run_tests(checkout: Path, seconds: dict[str, float]) -> None:
    os.setsid()
    _limit_processor_time(0.0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    enter(checkout)
    files = sorted({test.partition("::")[0] for test in seconds})
    options = [*OPTIONS, "--exitfirst", f"--timeout={WAITING}"]
    os._exit(PYTEST_ENDED + pytest.main([*options, *files], plugins=[_Selection(seconds)]))
