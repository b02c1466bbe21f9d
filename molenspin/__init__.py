"""molenspin: simulate drivetrains, and know what a choice of integrator, step and backend costs."""

from typing import TYPE_CHECKING

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.bearings import Bearing, Load
from molenspin.assembly.body import Axis, Body
from molenspin.assembly.families import benchmark_assembly
from molenspin.assembly.forcings import Excitation, Sail, Unbalance
from molenspin.assembly.gears import Belt, BevelGear, Gear, Planetary
from molenspin.assembly.joints import Cam, Coupling, Drive, LeadScrew, Lock, SliderCrank, UniversalJoint
from molenspin.assembly.parameters import Dof
from molenspin.assembly.shafts import ElasticMesh, ElasticShaft
from molenspin.assembly.yaml_format import load_assembly
from molenspin.errors import (
    ConvergenceError,
    InstabilityError,
    InvalidTypeError,
    InvalidValueError,
    MolenspinError,
    OverconstrainedError,
    SimulationError,
)
from molenspin.integrators import Integrator
from molenspin.report.registration import register_accessor
from molenspin.status import CaseStatus

if TYPE_CHECKING:
    from molenspin.store.reading import open_results
else:

    def __getattr__(name: str) -> object:
        """Import what reads stores when it is asked for: Zarr and xarray take longer than all else."""
        if name == "open_results":
            from molenspin.store.reading import open_results

            return open_results
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


register_accessor()

__all__ = [
    "Assembly",
    "Axis",
    "Bearing",
    "Belt",
    "BevelGear",
    "Body",
    "Cam",
    "CaseStatus",
    "ConvergenceError",
    "Coupling",
    "Dof",
    "Drive",
    "ElasticMesh",
    "ElasticShaft",
    "Excitation",
    "Gear",
    "InstabilityError",
    "Integrator",
    "InvalidTypeError",
    "InvalidValueError",
    "LeadScrew",
    "Load",
    "Lock",
    "MolenspinError",
    "OverconstrainedError",
    "Planetary",
    "Sail",
    "SimulationError",
    "SliderCrank",
    "Unbalance",
    "UniversalJoint",
    "benchmark_assembly",
    "load_assembly",
    "open_results",
]
