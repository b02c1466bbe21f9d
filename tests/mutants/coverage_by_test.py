"""Which test runs which line and how long it takes, measured once by running the tests."""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest

# The forked processes have imported the plugins already; without a cache nothing depends on earlier runs.
OPTIONS = [
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
]


@dataclass(frozen=True)
class Coverage:
    """Seconds of every test that passes, the tests of every line, and the libraries that they import."""

    seconds: dict[str, float]
    tests: dict[str, dict[int, frozenset[str]]]
    modules: list[str]

    def of(self, path: str, lines: range | None) -> set[str]:
        """The tests that run any of these lines (None: any line) of a file."""
        by_line = self.tests.get(path, {})
        return set().union(*(found for line, found in by_line.items() if lines is None or line in lines))

    def cheapest_first(self, tests: set[str]) -> list[str]:
        """Tests by their time, then all others of the same files, which may use what these cached."""
        files = {test.partition("::")[0] for test in tests}
        others = {test for test in self.seconds if test.partition("::")[0] in files} - tests
        return [*sorted(tests, key=self.seconds.__getitem__), *sorted(others, key=self.seconds.__getitem__)]


@dataclass
class _Recorder:
    tracer: coverage.Coverage
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    unfit: set[str] = field(default_factory=set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.tracer.switch_context(item.nodeid)
        result = yield
        self.tracer.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if not report.passed:
            self.unfit.add(report.nodeid)


def measure(checkout: Path, sources: list[str], tests: list[str]) -> Coverage:
    """Run the tests once in a process of its own; tests that fail or skip are left out."""
    enter(checkout)
    tracer = coverage.Coverage(data_file=None, include=[str(checkout / path) for path in sources])
    recorder = _Recorder(tracer)
    with tracer.collect():
        code = pytest.main([*OPTIONS, "--no-header", *tests], plugins=[recorder])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        raise SystemExit(f"The tests {' '.join(tests)} do not run: pytest ended with {code!r}")
    data = tracer.get_data()
    passed = {test: seconds for test, seconds in recorder.seconds.items() if test not in recorder.unfit}
    by_file = {path: data.contexts_by_lineno(str(checkout / path)) for path in sources}
    by_test = {
        path: {line: frozenset(tests).intersection(passed) for line, tests in lines.items()}
        for path, lines in by_file.items()
    }
    return Coverage(passed, by_test, _libraries())


def enter(checkout: Path) -> None:
    """Let this process and its children import the package from this checkout."""
    os.chdir(checkout)
    sys.path.insert(0, str(checkout))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        sys.path[:1] + os.environ.get("PYTHONPATH", "").split(os.pathsep)
    )


def _libraries() -> list[str]:
    """What a process that runs mutants can have imported before it forks."""
    return sorted(
        name
        for name, module in sys.modules.items()
        if "site-packages" in (getattr(module, "__file__", None) or "") and name == module.__name__
    )
