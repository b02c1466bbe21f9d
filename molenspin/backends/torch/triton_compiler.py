"""Turns kernel source into a Triton function; needs no GPU until the first launch."""

import linecache
from functools import cache
from hashlib import sha256
from types import ModuleType
from typing import Any

from molenspin.errors import MolenspinError


def is_available() -> bool:
    """Whether Triton can be imported."""
    try:
        _triton()
    except MolenspinError:
        return False
    return True


def _triton() -> ModuleType:
    try:
        import triton  # noqa: PLC0415  (an optional dependency, and slow to import)
    except ImportError as error:
        raise MolenspinError(f"Triton is missing: {error}") from error
    return triton


@cache
def triton_function(text: str) -> Any:  # noqa: ANN401  (Triton's types are not typed)
    """The Triton function of a kernel source, made once for each text."""
    from molenspin.backends.torch import device_functions  # noqa: PLC0415

    triton = _triton()
    filename = f"<molenspin kernel {sha256(text.encode()).hexdigest()[:12]}>"
    # Triton reads a function's source back from where Python would show it in a traceback.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    names = ("sine_cosine", "sine", "hyperbolic_tangent", "tooth_force", "member_max", "magnitude")
    namespace = {"triton": triton, "tl": triton.language, "__name__": __name__}
    namespace |= {name: getattr(device_functions, name) for name in names}
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102  (our own text)
    return namespace["simulate"]
