"""Profile the assembly that a configuration names."""

from molenspin.assembly.families import benchmark_assembly
from molenspin.backends.protocol import Execution
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import simulation_settings
from molenspin.backends.workload import Contender, Workload
from molenspin.config import Config
from molenspin.profiling import Profile, profile

DURATION, DT = 2.0, 1e-3
"""Simulated time and step of the profiled run [s]: the profiler repeats it."""


def profile_sweep(config: Config) -> Profile:
    """Profile the backend and the assembly that the section ``outputs`` names, every step recorded."""
    outputs = config.outputs
    compiled = benchmark_assembly(outputs.profile_family, outputs.profile_size).compile()
    workload = Workload(
        assembly=outputs.profile_family,
        compiled=compiled,
        settings=simulation_settings(duration=DURATION, dt=DT, integrator="rk4"),
    )
    backend = get_backend(outputs.profile_backend)
    contender = Contender(label=backend.name, backend=backend, execution=Execution(threads=1))
    return profile(workload, contender, seconds=outputs.profile_seconds)
