"""Every public call with every hostile value for every argument: it works, or one line says what is wrong."""

import inspect
import re
import signal
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from made_results import made_timing
from parts import PARTS, example

import molenspin as ms
import molenspin.config
import molenspin.timing
from molenspin.analysis.norms import error_norms
from molenspin.analysis.order import observed_order
from molenspin.analysis.reference import reference_solution
from molenspin.backends.registry import available_backends, get_backend
from molenspin.backends.settings import execution_settings
from molenspin.backends.workload import Contender

ROOT = Path(__file__).parents[1]
SECONDS_PER_CALL = 10

HOSTILE: tuple[object, ...] = (
    *("", "x", "9" * 5000, b"x", "\0", "\ud800", "~nobody-here"),
    *(
        None,
        True,
        -1,
        0,
        1.5,
        3,
        10**30,
        10**400,
        1e-320,
        1e300,
        float("nan"),
        float("inf"),
        -float("inf"),
        3j,
    ),
    *(
        [],
        [[]],
        ["x"],
        [float("nan")],
        [1, 2],
        (1, 2, 3),
        [[1], [2, 3]],
        {},
        {"x": 1},
        {1: 2},
        {"a.inertia": None},
    ),
    *(np.array([]), np.array("x"), np.array(["x"]), np.ones((2, 3)), np.array([None]), np.float32(np.nan)),
    *(object(), int, ms.Gear, len, {1, 2}, date(2026, 1, 1), Path("none"), range(3), iter(())),
)

RUN: dict[str, object] = {"duration": 0.01, "dt": 0.001, "backend": "numpy"}
TIMED = made_timing(sizes=(4,), steps=(0.01,))
QUICK = molenspin.timing.Schedule(repeats=1, warm_up=1e-3)
RUST = Contender(label="rust", backend=get_backend("rust"), execution=execution_settings())
OPTIONS: dict[str, object] = {
    **{"integrator": "rk4", "save_every": 1, "record": (), "tolerance": 1e-10},
    **{"threads": 1, "device": "auto", "dtype": "float64"},
}


@cache
def trajectory() -> xr.Dataset:
    return ms.benchmark_assembly("mill", 4).simulate(**RUN)


@cache
def ensemble() -> xr.Dataset:
    return ms.benchmark_assembly("mill", 4).simulate_ensemble({"spur0.inertia": [40.0, 50.0]}, **RUN)


def saved_timing() -> str:
    TIMED.save(Path("timing.json"))
    return "timing.json"


MADE_LATE = (trajectory, saved_timing)


def add_part(kind: type, **arguments: object) -> None:
    assembly = example()
    assembly.add(kind(**arguments))
    assembly.compile()


def add_body(**arguments: object) -> None:
    assembly = example()
    assembly.add_body(**arguments)
    assembly.compile()


def gradient(**arguments: Any) -> object:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from molenspin.backends.torch.differentiable import simulate_differentiably

    if isinstance(arguments["parameters"], str) and arguments["parameters"] == "valid":
        arguments["parameters"] = {"a.inertia": torch.tensor(1.0, dtype=torch.float64)}
    return simulate_differentiably(**arguments)


BODY: dict[str, object] = {"name": "d", "inertia": 1.0, "mass": 1.0}
START: dict[str, object] = {
    **{"angle": 0.0, "displacement": 0.0, "angular_velocity": 0.0, "velocity": 0.0, "axis": "vertical"},
}

CALLS: dict[str, tuple[Callable[..., object], dict[str, object]]] = {
    "Assembly": (ms.Assembly, {"name": "x", "gravity": 9.8}),
    "Assembly.add": (lambda component: example().add(component), {"component": ms.Load("a")}),
    "Assembly.add_body": (add_body, BODY | START),
    "Assembly.component": (lambda name: example().component(name), {"name": "a"}),
    "Assembly.replacing": (lambda replacements: example().replacing(replacements), {"replacements": {}}),
    "Assembly.replacing.fields": (
        lambda fields: example().replacing({"a": fields}),
        {"fields": {"mass": 2.0}},
    ),
    "Assembly.save": (lambda path: example().save(path), {"path": "saved.yaml"}),
    "Assembly.compile": (lambda: example().compile(), {}),
    "Assembly.simulate": (lambda **options: example().simulate(**options), RUN | OPTIONS),
    "Assembly.simulate_ensemble": (
        lambda **options: example().simulate_ensemble(**options),
        {"parameters": {"a.inertia": [1.0, 2.0]}, **RUN, **OPTIONS},
    ),
    "Assembly.simulate_ensemble.values": (
        lambda values: example().simulate_ensemble({"a.inertia": values}, **RUN),
        {"values": [1.0, 2.0]},
    ),
    "Body": (lambda **fields: ms.Assembly("x").add(ms.Body(**fields)), BODY | START),
    **{kind.__name__: (lambda kind=kind, **fields: add_part(kind, **fields), {"name": "part"} | fields)
       for kind, fields in PARTS.items()},
    "benchmark_assembly": (ms.benchmark_assembly, {"family": "mill", "size": 4}),
    "load_assembly": (ms.load_assembly, {"path": ROOT / "config/assemblies/reigate_heath.yaml"}),
    "load_config": (molenspin.config.load_config, {"path": ROOT / "config/config.yaml"}),
    "config_from_mapping": (molenspin.config.config_from_mapping, {"content": {}}),
    "reference_solution": (
        reference_solution,
        {"assembly": example(), "time": [0.0, 0.01], "step": None, "cache": None},
    ),
    "observed_order": (
        observed_order,
        {"steps": [0.1, 0.05, 0.025], "errors": [1e-2, 1e-3, 1e-4], "floor": 1e-12},
    ),
    "error_norms": (error_norms, {"dataset": trajectory, "reference": trajectory}),
    "simulate_differentiably": (
        gradient,
        {
            **{"assembly": example(), "parameters": "valid", "duration": 0.5, "dt": 0.5},
            **{"integrator": "euler", "save_every": 1, "device": "cpu"},
        },
    ),
    "accessor.plot": (lambda member: ensemble().molenspin.plot(member=member), {"member": 0}),
    "changed_circumstances": (molenspin.timing.changed_circumstances, {"first": TIMED, "second": TIMED}),
    "compare_timing": (
        molenspin.timing.compare_timing,
        {"first": TIMED, "second": TIMED, "smallest_change": 0.01},
    ),
    "comparison_table": (
        molenspin.timing.comparison_table,
        {"comparisons": molenspin.timing.compare_timing(TIMED, TIMED)},
    ),
    "format_table": (molenspin.timing.format_table, {"table": molenspin.timing.timing_table(TIMED)}),
    "merge_timing": (molenspin.timing.merge_timing, {"first": TIMED, "second": TIMED}),
    "samples_dataset": (molenspin.timing.samples_dataset, {"results": TIMED}),
    "timing_table": (molenspin.timing.timing_table, {"results": TIMED, "baseline": "numpy"}),
    "time_backends": (
        molenspin.timing.time_backends,
        {
            **{"workloads": [], "contenders": [RUST], "schedule": QUICK, "threads": 1},
            **{"machine": "x", "progress": len},
        },
    ),
    "available_backends": (available_backends, {}),
    "load_timing": (molenspin.timing.load_timing, {"path": saved_timing}),
}  # fmt: skip

NOT_CALLED = {
    "Axis, CaseStatus, Dof, Integrator": "enums",
    "ConvergenceError, InstabilityError, InvalidTypeError, InvalidValueError": "errors",
    "MolenspinError, OverconstrainedError, SimulationError": "errors",
    "Assemblies, Block, Config, Range, Sampling, Space": "models: config_from_mapping validates them",
    "Environment, Schedule, TimingCase, TimingRecord, TimingResults, Verdict": "values of timing files",
    "open_results": "tests/store holds what it opens and refuses",
}


def public_names() -> set[str]:
    """Exported names, methods of an assembly, and whatever the documents import."""
    names = {*ms.__all__, *molenspin.config.__all__, *molenspin.timing.__all__}
    names |= {f"Assembly.{name}" for name, _ in inspect.getmembers(ms.Assembly, inspect.isfunction)
              if not name.startswith("_")}  # fmt: skip
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").iterdir()):
        for module, imported in re.findall(r"from (molenspin[\w.]*) import ([\w, ]+)", path.read_text()):
            names |= {name for name in imported.split(", ") if callable(getattr(import_module(module), name))}
    return names


def test_every_public_name_is_called_or_exempt():
    exempt = {name for names in NOT_CALLED for name in names.split(", ")}
    assert public_names() - exempt <= set(CALLS)


def cases() -> Iterator[Any]:
    for call, (_, valid) in CALLS.items():
        for argument in valid or ("",):
            yield pytest.param(call, argument, id=f"{call}({argument})")


@pytest.fixture(autouse=True)
def bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own, and an end for calls that take too long."""
    monkeypatch.chdir(tmp_path)

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def outcome(call: str, arguments: dict[str, object]) -> str:
    """What was raised in spite of all, "" for success and for an error of ours in one line."""
    function = CALLS[call][0]
    arguments = {
        name: value() if any(value is late for late in MADE_LATE) else value
        for name, value in arguments.items()
    }
    signal.alarm(SECONDS_PER_CALL)
    try:
        function(**arguments)
    except ms.MolenspinError as error:
        is_config = call in {"config_from_mapping", "load_config"}
        return "" if is_config or "\n" not in str(error) else f"more than a line: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    return ""


def test_the_valid_calls_are_valid():
    refusals = {call: outcome(call, dict(valid)) for call, (_, valid) in CALLS.items()}
    assert not {call: refusal for call, refusal in refusals.items() if refusal}


@pytest.mark.filterwarnings("ignore::matplotlib._api.deprecation.MatplotlibDeprecationWarning")
@pytest.mark.parametrize(("call", "argument"), list(cases()))
def test_hostile_values_are_taken_or_refused_in_one_line(call: str, argument: str):
    valid = CALLS[call][1]
    found = {}
    for value in HOSTILE if argument else ():
        refusal = outcome(call, {**valid, argument: value})
        if refusal:
            found[f"{value!r:.40}"] = refusal
    assert not found
