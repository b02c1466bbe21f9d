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

import pytest

from .coverage_by_test import OPTIONS, Coverage, enter
from .mutations import Mutant

TIME_TO_START, SLOWDOWN = 30.0, 10.0
"""A mutant may use so many seconds of processor time, and so many times those that its tests took."""

WAITING = 10.0
"""A mutant that uses no processor time, waiting for ever, is stopped after so many times its limit."""

PYTEST_ENDED = 100
"""Added to pytest's exit code: a process that ends with a smaller one never came to run the tests."""

SURVIVES = {PYTEST_ENDED + code for code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)}


@dataclass(frozen=True)
class _Selection:
    """Keeps the given tests, in the given order."""

    tests: list[str]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        place = {test: index for index, test in enumerate(self.tests)}
        items[:] = sorted(
            (item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid]
        )


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
        """Whether these tests pass in a copy of the checkout, in time, however busy the machine is."""
        limit = TIME_TO_START + SLOWDOWN * sum(self.covered.seconds[test] for test in tests)
        process = self.context.Process(target=_run_tests, args=(checkout, tests, int(limit)))
        process.start()
        process.join(WAITING * limit)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)
        process.join()
        if 0 <= (process.exitcode or 0) < PYTEST_ENDED:
            raise SystemExit(f"The tests could not be started: exit code {process.exitcode}")
        return process.exitcode in SURVIVES


def _run_tests(checkout: Path, tests: list[str], limit: int) -> None:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    enter(checkout)
    files = sorted({test.partition("::")[0] for test in tests})
    os._exit(PYTEST_ENDED + pytest.main([*OPTIONS, "--exitfirst", *files], plugins=[_Selection(tests)]))
