"""Wrong arguments in Python: each is refused in one line that names the argument and what is allowed."""

from collections.abc import Callable

import numpy as np
import pytest

import molenspin as ms


def mill() -> ms.Assembly:
    return ms.benchmark_assembly("mill", 4)


def simulate(**changes: object) -> Callable[[], object]:
    arguments = {"duration": 0.01, "dt": 0.001, "backend": "numpy", **changes}
    return lambda: mill().simulate(**arguments)


def ensemble(parameters: object) -> Callable[[], object]:
    return lambda: mill().simulate_ensemble(parameters, duration=0.01, dt=0.001, backend="numpy")


def with_body(**start: object) -> Callable[[], object]:
    arguments = {"inertia": 1, "mass": 1, **start}
    return lambda: mill().add_body("extra", **arguments)


def compiled_with(inertia: object) -> None:
    assembly = mill()
    assembly.add_body("extra", inertia=inertia, mass=1)
    assembly.compile()


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "nan duration": (simulate(duration=float("nan")), "duration must be a finite number above 0, not nan"),
    "duration as text": (simulate(duration="1"), "duration must be a number, not '1'"),
    "endless duration": (simulate(duration=10**400), "duration must be a finite number above 0"),
    "ragged duration": (simulate(dt=0.003), "nearest: 0.009 s"),
    "tiny dt": (simulate(dt=1e-300), "1e+298 steps, too many"),
    "too much to record": (simulate(duration=1e8), "raise save_every, or simulate less at a time"),
    "zero save_every": (simulate(save_every=0), "save_every must be at least 1, not 0"),
    "fractional save_every": (simulate(save_every=1.5), "save_every must be a whole number, not 1.5"),
    "unknown integrator": (simulate(integrator="rk5"), "'rk5' is not known; did you mean 'rk4'?"),
    "no integrator": (simulate(integrator=None), "integrator None is not known; known are euler"),
    "unknown backend": (simulate(backend="nunpy"), "'nunpy' is not known; did you mean 'numpy'?"),
    "list of backends": (simulate(backend=["numpy"]), "backend ['numpy'] is not known"),
    "unknown record": (simulate(record=["reactions"]), "did you mean 'reaction'?"),
    "record as number": (simulate(record=3), "record must be a list of names, not 3"),
    "zero tolerance": (simulate(tolerance=0), "tolerance must be a finite number above 0, not 0"),
    "no threads": (simulate(threads=0), "threads must be at least 1, not 0"),
    "other device": (simulate(device="cuda"), "numpy computes in float64 on the cpu"),
    "other dtype": (simulate(dtype="float16"), "dtype must be one of float64, float32, not 'float16'"),
    "unknown component": (ensemble({"spur9.inertia": [1]}), "no component 'spur9'; did you mean 'spur0'?"),
    "unknown field": (ensemble({"spur0.inertai": [1]}), "did you mean 'inertia'?"),
    "no field": (ensemble({"spur0": [1]}), "must have the form component.field"),
    "no parameters": (ensemble({}), "parameters of one common length; given: none"),
    "no members": (ensemble({"spur0.inertia": []}), "given: spur0.inertia (0,)"),
    "lengths that differ": (ensemble({"spur0.inertia": [1, 2], "nut0.mass": [1]}), "nut0.mass (1,)"),
    "texts as values": (ensemble({"spur0.inertia": ["heavy"]}), "parameters must hold lists of numbers"),
    "nan as value": (
        ensemble({"spur0.inertia": [1, np.nan]}),
        "body spur0: inertia of member 1 must be a finite number",
    ),
    "parameters as list": (ensemble(["spur0.inertia"]), "parameters must be {'component.field': values}"),
    "unknown family": (lambda: ms.benchmark_assembly("mil", 4), "'mil' is not known; did you mean 'mill'?"),
    "family size": (lambda: ms.benchmark_assembly("mill", 5), "a positive multiple of 4, not 5"),
    "fractional size": (lambda: ms.benchmark_assembly("mill", 4.0), "a whole number of bodies, not 4.0"),
    "name as number": (lambda: ms.Assembly(3), "assembly name must be a text, not 3"),
    "misspelt start": (with_body(anlge=1), "unknown argument 'anlge'; did you mean 'angle'?"),
    "complex inertia": (with_body(inertia=3j), "body extra: inertia must be a number, not 3j"),
    "array of texts": (with_body(inertia=np.array(["a"])), "body extra: inertia must hold numbers"),
    "array of numbers": (lambda: compiled_with(np.ones(3)), "vary fields with simulate_ensemble"),
    "class as part": (lambda: mill().add(ms.Gear), "add takes bodies, elements and constraints"),
    "unknown body": (lambda: mill().add(ms.Load("spurr0")), "did you mean 'spur0'?"),
    "no path": (lambda: ms.load_assembly(None), "a path must be a text or a pathlib.Path, not None"),
    "replaced field": (lambda: mill().replacing({"spur0": {"inertai": 3}}), "did you mean 'inertia'?"),
    "nameless component": (lambda: mill().component(None), "a component is named by a text, not None"),
}


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD.keys())
def test_bad_argument_is_refused_in_one_line(call: Callable[[], object], message: str):
    with pytest.raises(ms.MolenspinError) as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numpy_numbers_are_numbers():
    run = simulate(duration=np.float32(0.5), dt=np.float64(0.125), save_every=np.int64(2))()
    assert run.sizes["time"] == 3
