"""One call from an assembly to a dataset: compile, run on a backend, wrap, raise what went wrong."""

from collections.abc import Callable, Mapping, Sequence

import xarray as xr
from numpy.typing import ArrayLike

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_assembly, compile_ensemble
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Execution, History, Outcome, Settings
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import check_record, execution_settings, simulation_settings
from molenspin.errors import MolenspinError
from molenspin.simulation.history import allocate_history
from molenspin.simulation.run_errors import run_error
from molenspin.simulation.trajectory import ensemble_dataset, single_dataset


def simulate(
    assembly: Assembly,
    *,
    duration: float,
    dt: float,
    integrator: str = "rk4",
    backend: str = "rust",
    save_every: int = 1,
    record: Sequence[str] = (),
    tolerance: float = 1e-10,
    threads: int | None = None,
    device: str = "auto",
    dtype: str = "float64",
) -> xr.Dataset:
    """Simulate an assembly from its initial state, which is projected onto the constraints first.

    Parameters
    ----------
    assembly
        What to simulate.
    duration, dt
        Simulated time and step size [s].
    integrator
        ``rk4``, ``verlet`` or ``euler``.
    backend
        ``rust``, ``numpy`` or ``torch``.
    save_every
        Record the first state and every so many steps.
    record
        ``"reaction"`` adds the multipliers of the constraints.
    tolerance
        Allowed max abs(g) after projection.
    threads, device, dtype
        Where the backend runs; see `molenspin.backends.protocol.Execution`.

    Returns
    -------
    xarray.Dataset
        ``angle`` [rad], ``displacement`` [m], ``angular_velocity`` [rad/s], ``velocity`` [m/s] over
        ``time`` and ``body``; ``reaction`` over ``time`` and ``constraint`` if recorded.

    Raises
    ------
    MolenspinError
        `ConvergenceError`, `InstabilityError`, `OverconstrainedError`, or an argument error.
    """
    settings = simulation_settings(
        duration=duration, dt=dt, integrator=integrator, save_every=save_every, tolerance=tolerance
    )
    execution = execution_settings(threads=threads, device=device, dtype=dtype)
    compiled, history, outcome = _run(
        lambda: compile_assembly(assembly), settings, execution, backend=backend, record=record
    )
    error = run_error(compiled, settings, outcome, 0)
    if error:
        raise error
    return single_dataset(assembly, compiled, settings, history, outcome)


def simulate_ensemble(
    assembly: Assembly,
    parameters: Mapping[str, ArrayLike],
    *,
    duration: float,
    dt: float,
    integrator: str = "rk4",
    backend: str = "rust",
    save_every: int = 1,
    record: Sequence[str] = (),
    tolerance: float = 1e-10,
    threads: int | None = None,
    device: str = "auto",
    dtype: str = "float64",
) -> xr.Dataset:
    """Simulate one member per value of the parameters, in one call of the backend.

    Parameters
    ----------
    assembly
        What all members share.
    parameters
        ``{"component.field": values}``, values of shape (member_count,), such as
        ``{"sails.inertia": [3000, 4000, 5000]}``; see `molenspin.assembly.compile.parameter_names`.
    duration, dt, integrator, backend, save_every, record, tolerance, threads, device, dtype
        As for `simulate`.

    Returns
    -------
    xarray.Dataset
        As for `simulate`, with a leading dim ``member`` and, per member, ``status`` and ``message``: a member
        that fails is a result, and the others go on.
    """
    settings = simulation_settings(
        duration=duration, dt=dt, integrator=integrator, save_every=save_every, tolerance=tolerance
    )
    execution = execution_settings(threads=threads, device=device, dtype=dtype)
    compiled, history, outcome = _run(
        lambda: compile_ensemble(assembly, parameters), settings, execution, backend=backend, record=record
    )
    return ensemble_dataset(assembly, compiled, settings, history, outcome, parameters=parameters)


def _run(
    compiling: Callable[[], CompiledAssembly],
    settings: Settings,
    execution: Execution,
    *,
    backend: str,
    record: Sequence[str],
) -> tuple[CompiledAssembly, History, Outcome]:
    """Check the other arguments, then compile, which may take a while, and run."""
    runner, reaction = get_backend(backend), "reaction" in check_record(record)
    compiled = compiling()
    history = allocate_history(compiled, settings, reaction=reaction)
    try:
        return compiled, history, runner.run(compiled, settings, execution, history)
    except MemoryError as error:
        raise MolenspinError(
            f"assembly {compiled.name}: backend {backend} ran out of memory: simulate less at a time"
        ) from error
