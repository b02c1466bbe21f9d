"""Registers the accessor ``ds.molenspin`` as soon as xarray is imported, before or after molenspin.

Importing xarray takes longer than all else that a simulation worker needs: molenspin leaves it out.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


class _XarrayWatch(MetaPathFinder):
    """Stands aside for every module but xarray, and for that one after the first time."""

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "xarray":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            _register_after(spec.loader)
        return spec


def _register_after(loader: Loader) -> None:
    execute = loader.exec_module

    def execute_and_register(module: ModuleType) -> None:
        execute(module)
        _register()

    loader.exec_module = execute_and_register  # type: ignore[method-assign]


def register_accessor() -> None:
    """Register now if xarray is there, else when it comes."""
    if "xarray" in sys.modules:
        _register()
    else:
        sys.meta_path.insert(0, _XarrayWatch())


def _register() -> None:
    import molenspin.report.accessor  # noqa: F401
