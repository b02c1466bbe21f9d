"""All backends, by the name that users type. A new backend is one module and one line here."""

from functools import cache
from importlib import import_module

from molenspin.assembly.parameters import choice_error, is_one_of, nearest
from molenspin.backends.protocol import Backend
from molenspin.errors import InvalidValueError, MolenspinError

BACKENDS: dict[str, str] = {
    "numpy": "molenspin.backends.numpy_dense:NumpyBackend",
    "rust": "molenspin.backends.rust:RustBackend",
    "torch": "molenspin.backends.torch:TorchBackend",
}
"""Name of each backend, and where its class is: imported on first use, for torch takes seconds to import."""

DEVICE_BACKENDS = frozenset({"torch"})
"""Backends that know devices other than the processor."""


def get_backend(name: str) -> Backend:
    """The backend of that name.

    Raises
    ------
    InvalidValueError
        If there is none of that name, or what it needs is not installed.
    """
    if not is_one_of(name, BACKENDS):
        raise choice_error(name, f"backend {name!r:.80} is not known{nearest(name, BACKENDS)}")
    return _load(name)


@cache
def _load(name: str) -> Backend:
    module, _, attribute = BACKENDS[name].partition(":")
    try:
        backend: Backend = getattr(import_module(module), attribute)()
    except ImportError as error:
        raise InvalidValueError(f"backend {name} cannot be used here: {error}") from error
    return backend


def available_backends() -> tuple[str, ...]:
    """Names of the backends whose needs are installed, the baseline first."""
    return tuple(name for name in BACKENDS if _is_available(name))


def _is_available(name: str) -> bool:
    try:
        get_backend(name)
    except MolenspinError:
        return False
    return True
