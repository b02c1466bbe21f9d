"""The backends of molenspin on the rig: any assembly, nothing reduced by hand; results in reused buffers."""

from benchmarks.rivals.protocol import (
    EnsembleRun,
    Floats,
    RigHistory,
    RigRun,
    Simulate,
    SimulateEnsemble,
)
from molenspin.assembly.compile import compile_ensemble
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.protocol import Backend, Execution, Settings
from molenspin.backends.registry import get_backend
from molenspin.errors import MolenspinError
from molenspin.integrators import Integrator
from molenspin.simulation.history import allocate_history


class MolenspinBackend:
    """A backend, called the way `Assembly.simulate` calls it.

    Raises
    ------
    ImportError
        If the backend cannot be used here.
    """

    def __init__(self, backend: str, method: str, *, full_size: int, largest_size: int) -> None:
        self.label = backend
        self.method = method
        self.full_size = full_size
        self.largest_size = largest_size
        self._backend = _backend(backend)

    def prepare(self, run: RigRun) -> Simulate:
        """Compile the assembly and allocate the buffers."""
        compiled = benchmark_assembly(Family.RIG, run.body_count).compile()
        settings = Settings(dt=run.dt, step_count=run.step_count, integrator=Integrator.RK4)
        history = allocate_history(compiled, settings, reaction=False)

        def simulate() -> RigHistory:
            self._backend.run(compiled, settings, Execution(threads=1), history)
            return RigHistory(
                angle=history.angle[0].T,
                displacement=history.displacement[0].T,
                angular_velocity=history.angular_velocity[0].T,
                velocity=history.velocity[0].T,
            )

        return simulate


class NumpyBaseline(MolenspinBackend):
    """The baseline: dense matrices over all bodies."""

    def __init__(self) -> None:
        super().__init__("numpy", "rk4, all bodies, dense matrices", full_size=48, largest_size=768)


class RustBackend(MolenspinBackend):
    """The compiled core."""

    def __init__(self) -> None:
        super().__init__("rust", "rk4, any assembly", full_size=12288, largest_size=12288)


class RustEnsemble:
    """The compiled core on an ensemble."""

    label = "rust"
    method = "rk4, any assembly"

    def __init__(self) -> None:
        self._backend = _backend("rust")

    def prepare(self, run: EnsembleRun) -> SimulateEnsemble:
        """Compile the ensemble and allocate the buffers."""
        assembly = benchmark_assembly(Family.RIG, run.inertia.shape[1])
        values = zip(assembly.bodies, run.inertia.T, run.mass.T, strict=True)
        parameters: dict[str, Floats] = {}
        for body, inertia, mass in values:
            parameters |= {f"{body.name}.inertia": inertia, f"{body.name}.mass": mass}
        compiled = compile_ensemble(assembly, parameters)
        steps = run.step_count
        settings = Settings(dt=run.dt, step_count=steps, integrator=Integrator.RK4, save_every=steps)
        history = allocate_history(compiled, settings, reaction=False)

        def simulate() -> Floats:
            self._backend.run(compiled, settings, Execution(threads=1), history)
            return history.angle[:, :, -1]

        return simulate


def _backend(name: str) -> Backend:
    try:
        return get_backend(name)
    except MolenspinError as error:
        raise ImportError(str(error)) from error
