"""Checks what users ask for and turns it into `Settings` and `Execution`."""

from collections.abc import Sequence

import numpy as np

from molenspin.assembly.parameters import SCALE_LIMIT, choice_error, is_one_of, nearest
from molenspin.backends.protocol import Execution, Settings
from molenspin.errors import InvalidTypeError, InvalidValueError
from molenspin.integrators import Integrator

DTYPES = ("float64", "float32")
RECORDABLE = ("reaction",)
STEP_LIMIT = 10**12
THREAD_LIMIT = 4096


def simulation_settings(
    *,
    duration: float,
    dt: float,
    integrator: str = "rk4",
    save_every: int = 1,
    tolerance: float = 1e-10,
    newton_limit: int = 20,
) -> Settings:
    """Settings from user arguments.

    Parameters
    ----------
    duration, dt
        Simulated time and step size [s]; the duration must be a whole number of steps.
    integrator
        ``rk4``, ``verlet`` or ``euler``.
    save_every
        Record every so many steps.
    tolerance, newton_limit
        Of the projection onto the constraints.

    Raises
    ------
    InvalidValueError, InvalidTypeError
        Naming the argument, its value and what is allowed.
    """
    for name, value in (("duration", duration), ("dt", dt), ("tolerance", tolerance)):
        check_positive(name, value)
    for name, count in (("save_every", save_every), ("newton_limit", newton_limit)):
        check_count(name, count)
    if not is_one_of(integrator, Integrator):
        raise choice_error(
            integrator, f"integrator {integrator!r:.80} is not known{nearest(integrator, Integrator)}"
        )
    return Settings(
        dt=float(dt),
        step_count=step_count(float(duration), float(dt)),
        integrator=Integrator(integrator),
        save_every=int(save_every),
        tolerance=float(tolerance),
        newton_limit=int(newton_limit),
    )


def step_count(duration: float, dt: float) -> int:
    """Number of steps of ``dt`` in ``duration``, which must be whole.

    Raises
    ------
    InvalidValueError
        If it is not, or is beyond `STEP_LIMIT`.
    """
    ratio = duration / dt
    if ratio > STEP_LIMIT:
        raise InvalidValueError(f"duration = {duration:g} s at dt = {dt:g} s is {ratio:.3g} steps, too many")
    steps = round(ratio)
    if steps < 1 or abs(ratio - steps) > 1e-6 * max(1.0, 1e-3 * ratio):
        raise InvalidValueError(
            f"duration = {duration:g} s must be a whole number of steps of dt = {dt:g} s; "
            f"nearest: {max(steps, 1) * dt:.12g} s"
        )
    return steps


def execution_settings(
    *, threads: int | None = None, device: str = "auto", dtype: str = "float64"
) -> Execution:
    """Execution from user arguments; a backend refuses a device or dtype that it lacks."""
    if threads is not None:
        check_count("threads", threads, most=THREAD_LIMIT)
    if not isinstance(device, str):
        raise InvalidTypeError(f"device must be a text like cpu or cuda, not {device!r}")
    if not is_one_of(dtype, DTYPES):
        raise choice_error(dtype, f"dtype must be one of {', '.join(DTYPES)}, not {dtype!r:.80}")
    return Execution(threads=threads, device=device, dtype=dtype)


def check_record(record: Sequence[str]) -> tuple[str, ...]:
    """The extra variables to record; allowed is ``reaction``."""
    try:
        names = (record,) if isinstance(record, str) else tuple(record)
    except TypeError as error:
        raise InvalidTypeError(f"record must be a list of names, not {record!r}") from error
    for name in names:
        if not is_one_of(name, RECORDABLE):
            raise choice_error(
                name,
                f"record: {name!r:.80} cannot be recorded{nearest(name, RECORDABLE)} "
                "(angles, displacements and their rates always are)",
            )
    return names


def check_positive(name: str, value: object) -> None:
    """Raise unless ``value`` is a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise InvalidTypeError(f"{name} must be a number, not {value!r}")
    if not 0 < value <= SCALE_LIMIT:
        raise InvalidValueError(f"{name} must be a finite number above 0, not {value}")


def check_count(name: str, value: object, *, most: int = STEP_LIMIT) -> None:
    """Raise unless ``value`` is a whole number from 1 to ``most``."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise InvalidTypeError(f"{name} must be a whole number, not {value!r}")
    if value < 1:
        raise InvalidValueError(f"{name} must be at least 1, not {value}")
    if value > most:
        raise InvalidValueError(f"{name} must be at most {most}, not {value!r:.30}")
