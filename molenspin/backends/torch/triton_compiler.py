"""Turns kernel source into a Triton function; needs no GPU until the first launch."""

import linecache
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

DEVICE_FUNCTIONS = (
    "hyperbolic_tangent",
    "inverse_root",
    "member_or",
    "reciprocal",
    "sine",
    "sine_cosine",
    "tooth_force",
)


def is_available() -> bool:
    """Whether Triton is installed."""
    return find_spec("triton") is not None


@cache
def triton_function(text: str) -> Any:  # noqa: ANN401  (Triton's types are not typed)
    """The Triton function of a kernel source, made once for each text."""
    from molenspin.backends.torch import device_functions, dialect

    filename = f"<molenspin kernel {sha256(text.encode()).hexdigest()[:12]}>"
    # Triton reads a function's source back from where Python would show it in a traceback.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {name: getattr(dialect, name) for name in ("jit", "tl", "lane_numbers", "block_or")}
    namespace |= {name: getattr(device_functions, name) for name in DEVICE_FUNCTIONS}
    exec(compile(text, filename, "exec"), namespace)
    return namespace["simulate"]
