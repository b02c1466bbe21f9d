"""What no table publishes: inertias, stiffnesses and loads of a windmill, from its span and tooth counts.

These are a millwright's rules of thumb, good for the order of magnitude. None of them touches the speed
ratio, which the tooth counts alone decide. Every estimate is cut to `DIGITS` significant digits: more would
be a lie.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import pi, sqrt

DIGITS = 4

STANDARD_SPAN = 20.0
"""Sail span where none is published [m]: the corn mills of the table have 18.5, 21.2 and 22.4."""

WIND_SPEED = 8.0
"""Wind that a mill is designed for [m/s]: a fresh breeze."""

RUNAWAY_RATIO = 4.2
"""Tip-speed ratio without load. A straight torque line then gives most power at half of it, and a sail end
of 20 m span makes 16 turns a minute in the design wind: the usual working speed of such mills."""

POWER_COEFFICIENT = 0.15
"""Largest share of the wind's power that common sails take: half that of a good turbine of as few blades."""

TORQUE_COEFFICIENT = 4 * POWER_COEFFICIENT / RUNAWAY_RATIO
"""C0 of `Sail`: C0 (1 - L / L0) L is largest at L = L0 / 2, and is C0 L0 / 4 there."""

AIR_DENSITY = 1.225

STOCK_MASS = 80.0
"""Of a stock with its lattices, per metre of span [kg/m]."""

COG_PITCH = 0.13
"""Distance from cog to cog along the pitch circle [m]; 12.8 cm is published for the brake wheel of Nederwaard
No. 1 (molendatabase.nl)."""

COG_MODULE = 1000 * COG_PITCH / pi
"""The same as a module [mm]."""

RIM_MASS = 60.0
"""Of a wooden wheel, per metre of its pitch circle [kg/m]: oak, about 0.3 m by 0.3 m."""

NECK_RADIUS_SHARE, NECK_FRICTION = 1 / 100, 0.05
"""Radius of the windshaft's neck over the span, and friction coefficient of iron on greased stone."""

GRAVITY = 9.81


@dataclass(frozen=True)
class Shaft:
    """A round shaft; diameter and length are shares of the sail span, for a large mill is a small one scaled.

    Parameters
    ----------
    shear_modulus
        Of the material [Pa]; oak along the grain 0.8 GPa, wrought iron 80 GPa.
    diameter_share, length_share
        Of the span.
    """

    shear_modulus: float
    diameter_share: float
    length_share: float

    def stiffness(self, span: float, sections: int = 1) -> float:
        """Torsional stiffness G I_p / l of one of ``sections`` equal lengths, I_p = pi d^4 / 32 [N m/rad]."""
        polar_moment = pi * (self.diameter_share * span) ** 4 / 32
        return estimate(self.shear_modulus * polar_moment * sections / (self.length_share * span))


WINDSHAFT = Shaft(0.8e9, 1 / 40, 1 / 5)
UPRIGHT_SHAFT = Shaft(0.8e9, 1 / 45, 2 / 5)
SPINDLE = Shaft(80e9, 1 / 150, 1 / 10)


class Machine(StrEnum):
    """What a mill drives."""

    STONE = "stone"
    SCREW = "screw"
    SCOOP_WHEEL = "scoop_wheel"
    SAW = "saw"


@dataclass(frozen=True)
class Output:
    """The rotor of a machine, and how its torque grows with speed.

    Parameters
    ----------
    span_share
        Diameter over sail span, where the diameter is not published.
    areal_mass
        Mass over the area of its circle [kg/m^2].
    gyration_share
        Radius of gyration over diameter.
    constant, viscous, quadratic
        Shares of the torque at design speed that do not depend on speed, grow with it, with its square.
    """

    span_share: float
    areal_mass: float
    gyration_share: float
    constant: float
    viscous: float
    quadratic: float


OUTPUTS: dict[Machine, Output] = {
    # A runner stone 0.3 m thick of 2400 kg/m^3, a full disc; it rubs, and throws the meal out.
    Machine.STONE: Output(1 / 15, 720.0, sqrt(1 / 8), constant=0.6, viscous=0.2, quadratic=0.2),
    # A turn lifts the same water by the same head whatever the speed; the rest is splashing. The span share
    # is about the median of the table.
    Machine.SCREW: Output(1 / 13, 800.0, 0.3, constant=0.7, viscous=0.0, quadratic=0.3),
    # The head at the wheel, and the water that it throws, grow with speed; the boards sit at the rim.
    Machine.SCOOP_WHEEL: Output(1 / 4, 65.0, 0.42, constant=0.3, viscous=0.0, quadratic=0.7),
}


@dataclass(frozen=True)
class SawFrames:
    """The frames of a saw mill: crank radius and rod [m], masses of a throw and a frame [kg]."""

    count: int = 3
    crank: float = 0.3
    rod: float = 2.4
    throw_mass: float = 120.0
    frame_mass: float = 250.0

    @property
    def throw_inertia(self) -> float:
        """A throw as a mass at half the crank radius [kg m^2]."""
        return estimate(self.throw_mass * (self.crank / 2) ** 2)

    @property
    def frame_inertia(self) -> float:
        """Of a frame 1 m wide about its line of motion, m w^2 / 12 [kg m^2]; the frame is locked in spin."""
        return estimate(self.frame_mass / 12)

    def resistance(self, power: float, speed: float) -> float:
        """Damping c of each frame [N s/m] that takes its share of ``power``.

        A frame moves at about r Omega sin(theta) and takes c r^2 Omega^2 / 2 on average.
        """
        return estimate(2 * power / (self.count * (self.crank * speed) ** 2))


def estimate(value: float) -> float:
    """``value`` cut to the digits that an estimate deserves."""
    return float(f"{value:.{DIGITS}g}")


def sail_mass(span: float) -> float:
    """Two stocks with their lattices [kg]."""
    return estimate(2 * STOCK_MASS * span)


def sail_inertia(span: float) -> float:
    """Two uniform rods of the span's length about their middle, m span^2 / 12 [kg m^2]."""
    return estimate(sail_mass(span) * span**2 / 12)


def neck_friction(span: float) -> float:
    """Friction torque mu m g r of the neck bearing under the weight of the sails [N m]."""
    return estimate(NECK_FRICTION * sail_mass(span) * GRAVITY * NECK_RADIUS_SHARE * span)


def wheel_radius(teeth: int) -> float:
    """Pitch radius of a wheel with wooden cogs [m]."""
    return teeth * COG_PITCH / (2 * pi)


def wheel_mass(teeth: int) -> float:
    """A wooden rim along the pitch circle [kg]."""
    return estimate(RIM_MASS * teeth * COG_PITCH)


def wheel_inertia(teeth: int) -> float:
    """Of that rim, m r^2 [kg m^2]."""
    return estimate(wheel_mass(teeth) * wheel_radius(teeth) ** 2)


def output_mass(output: Output, diameter: float) -> float:
    """Of the rotor of a machine [kg]."""
    return estimate(output.areal_mass * pi * diameter**2 / 4)


def output_inertia(output: Output, diameter: float) -> float:
    """Of the rotor of a machine, m (radius of gyration)^2 [kg m^2]."""
    return estimate(output_mass(output, diameter) * (output.gyration_share * diameter) ** 2)


def design_speed(span: float) -> float:
    """Angular velocity of the sails at their best tip-speed ratio in the design wind [rad/s]."""
    return RUNAWAY_RATIO / 2 * WIND_SPEED / (span / 2)


def design_power(span: float) -> float:
    """Power of the sails there, Cp (1/2) rho pi R^2 V^3 [W]."""
    return POWER_COEFFICIENT * 0.5 * AIR_DENSITY * pi * (span / 2) ** 2 * WIND_SPEED**3


def shaft_damping(stiffness: float, inertia_a: float, inertia_b: float) -> float:
    """Damping of a shaft [N m s/rad]: 2% of critical for the two bodies that it joins.

    Friction in wood and wedges is of that order.
    """
    reduced = inertia_a * inertia_b / (inertia_a + inertia_b)
    return estimate(2 * 0.02 * sqrt(stiffness * reduced))


def axial_support(mass: float) -> tuple[float, float]:
    """Axial stiffness [N/m] and damping [N s/m] of a thrust bearing: 10 Hz, 10% of critical."""
    frequency = 2 * pi * 10
    return estimate(mass * frequency**2), estimate(2 * 0.1 * mass * frequency)
