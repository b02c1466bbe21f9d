"""Two samplers: native stacks of the compiled core by a timer signal, Python stacks by pyinstrument."""

import re
from collections.abc import Callable

from pyinstrument import Profiler

from molenspin.profiling.stacks import Stacks, gather

NATIVE_BACKENDS = frozenset({"rust"})
"""Backends whose time is spent in native code of ours; of the others the Python stacks are sampled."""

NATIVE_FREQUENCY = 250
"""Samples per second of CPU time: the timer tick of common kernels, more cannot be had."""

PYTHON_INTERVAL = 1e-3
"""Seconds between samples of Python stacks."""

_CORE = "molenspin_core::"
_TRAIT_METHOD = re.compile(r"^<(.+) as .+>::(.+)$")
_WRAPPER = re.compile(r"\{\{closure\}\}$|::vectorize(::compiled)?$")

_ROOT = "simulate (profile)"

_MICROSECOND = 1e-6


def sample_native(run: Callable[[], None]) -> Stacks:
    """Run and return the native stacks found in our own code, unit one sample."""
    from molenspin._core import StackSampler

    sampler = StackSampler(NATIVE_FREQUENCY)
    try:
        run()
    finally:
        samples = sampler.stop()
    named = (([name for frame in frames if (name := native_name(frame))], count) for frames, count in samples)
    return gather(named)


def native_name(symbol: str) -> str:
    """Turn a symbol of our core into the function's name; "" for code that is not ours, and for wrappers.

    ``<molenspin_core::elements::Wind as molenspin_core::Kernel>::apply`` is ``elements::Wind::apply``.
    """
    plain = _TRAIT_METHOD.sub(r"\1::\2", symbol)
    if not plain.startswith(_CORE) or _WRAPPER.search(plain):
        return ""
    return plain.replace(_CORE, "")


def sample_python(run: Callable[[], None]) -> Stacks:
    """Run and return the Python stacks of the simulations in it, unit one microsecond."""
    profiler = Profiler(interval=PYTHON_INTERVAL)
    with profiler:
        run()
    session = profiler.last_session
    records = session.frame_records if session else []
    stacks = gather(
        ([_python_frame(frame) for frame in frames], round(seconds / _MICROSECOND))
        for frames, seconds in records
    )
    return stacks.below(_ROOT)


def _python_frame(identifier: str) -> str:
    """Turn pyinstrument's frame identifier into ``function (module)``."""
    function, file, *_ = identifier.split("\x00")
    module = file.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
    return f"{function} ({module})"
