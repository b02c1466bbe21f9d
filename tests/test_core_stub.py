"""The stub of the compiled core says what the built module has."""

import ast
import inspect
from pathlib import Path

import pytest

import molenspin
from molenspin import _core
from molenspin.backends.rust import RustBackend
from molenspin.errors import InvalidValueError

STUB = ast.parse((Path(molenspin.__file__).parent / "_core.pyi").read_text())


def test_module_and_stub_have_the_same_names():
    stubbed = {node.name for node in STUB.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    stubbed |= {node.target.id for node in STUB.body if isinstance(node, ast.AnnAssign)}
    assert stubbed == {name for name in dir(_core) if not name.startswith("_")}


def test_report_has_the_stubbed_properties():
    report = next(node for node in STUB.body if isinstance(node, ast.ClassDef))
    stubbed = {node.name for node in report.body if isinstance(node, ast.FunctionDef)}
    assert stubbed == {name for name in dir(_core.RunReport) if not name.startswith("_")}


def test_simulate_has_the_stubbed_arguments():
    function = next(node for node in STUB.body if isinstance(node, ast.FunctionDef))
    parameters = inspect.signature(_core.simulate).parameters
    names = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    assert names == list(parameters)
    keyword_only = {argument.arg for argument in function.args.kwonlyargs}
    assert keyword_only == {name for name, item in parameters.items() if item.kind is item.KEYWORD_ONLY}


def test_build_is_described():
    assert _core.build_profile in ("release", "debug")
    assert len(_core.source_hash) == 64


def test_a_core_of_other_sources_is_refused(monkeypatch):
    RustBackend()
    monkeypatch.setattr(_core, "source_hash", "0" * 64)
    with pytest.raises(InvalidValueError, match=r"not that of the sources in rust/: run `make setup`"):
        RustBackend()
