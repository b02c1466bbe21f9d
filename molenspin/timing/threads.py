"""Threads pinned to what was asked for, so that a backend cannot be fast by taking more cores."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from threadpoolctl import threadpool_info, threadpool_limits

from molenspin.errors import InvalidValueError

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
)


@dataclass(frozen=True, kw_only=True)
class ThreadPinning:
    """What was pinned.

    Parameters
    ----------
    threads
        Threads asked for.
    processors
        Numbers of the processors that this process may use; empty where the system cannot say.
    pools
        Thread pools of the loaded libraries, for example ``openblas 0.3.30: 1``.
    variables
        Thread variables of the environment.
    """

    threads: int
    processors: tuple[int, ...]
    pools: tuple[str, ...]
    variables: dict[str, str]


@contextmanager
def pinned_threads(threads: int) -> Iterator[ThreadPinning]:
    """Hold libraries and this process to ``threads`` threads and as many processors inside the block.

    Libraries already loaded are limited in place, ones loaded later read the environment variables.
    """
    if threads < 1:
        raise InvalidValueError(f"threads = {threads}: must be at least 1")
    variables = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    processors = _allowed_processors()
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    _restrict(processors[-threads:])
    try:
        with threadpool_limits(limits=threads):
            yield _pinning(threads)
    finally:
        _restrict(processors)
        _restore(variables)


def _pinning(threads: int) -> ThreadPinning:
    pools = {f"{pool['internal_api']} {pool['version']}: {pool['num_threads']}" for pool in threadpool_info()}
    return ThreadPinning(
        threads=threads,
        processors=_allowed_processors(),
        pools=tuple(sorted(pools)),
        variables={name: os.environ[name] for name in THREAD_VARIABLES},
    )


def _allowed_processors() -> tuple[int, ...]:
    if not hasattr(os, "sched_getaffinity"):
        return ()
    return tuple(sorted(os.sched_getaffinity(0)))


def _restrict(processors: tuple[int, ...]) -> None:
    # The last processors, as the first ones usually serve the interrupts.
    if processors:
        os.sched_setaffinity(0, processors)


def _restore(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
