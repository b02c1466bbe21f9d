"""Every element and constraint class: the file format, the documentation and the tests read these lists.

To add an element or a constraint, write its class in the module where it fits and add it here. A linear
constraint needs nothing more; for a force or a nonlinear equation that no table of `compiled.py` holds, add
a table there and its kernel to each backend.
"""

from typing import Protocol

from molenspin.assembly.bearings import Bearing, Load
from molenspin.assembly.forcings import Excitation, Sail, Unbalance
from molenspin.assembly.gears import Belt, BevelGear, Gear, Planetary
from molenspin.assembly.joints import Cam, Coupling, Drive, LeadScrew, Lock, SliderCrank, UniversalJoint
from molenspin.assembly.parameters import Component
from molenspin.assembly.rows import Rows
from molenspin.assembly.shafts import ElasticMesh, ElasticShaft


class Part(Component, Protocol):
    """An element or a constraint: a frozen dataclass that writes itself into the compiled tables."""

    def contribute(self, rows: Rows) -> None:
        """Write the part into the tables."""


ELEMENTS: tuple[type[Part], ...] = (ElasticShaft, Bearing, Load, Excitation, Sail, Unbalance, ElasticMesh)

CONSTRAINTS: tuple[type[Part], ...] = (
    Gear,
    BevelGear,
    Belt,
    Coupling,
    Lock,
    Drive,
    UniversalJoint,
    SliderCrank,
    LeadScrew,
    Planetary,
    Cam,
)
