"""The drivetrain of a real windmill as an assembly.

sails - windshaft - brake wheel = wallower - upright shaft - wheels = nut, screw or pit wheel - machine

where `-` is an elastic shaft and `=` a pair of rigid wheels. Tooth counts are published; everything else is
an estimate of `molenspin.mills.estimates`. All bodies start at rest.
"""

from math import cos, pi, sin, sqrt

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.bearings import Bearing, Load
from molenspin.assembly.body import Axis, Body
from molenspin.assembly.forcings import Sail
from molenspin.assembly.gears import BevelGear, Gear
from molenspin.assembly.joints import Coupling, Lock, SliderCrank
from molenspin.assembly.shafts import ElasticShaft
from molenspin.errors import InvalidValueError
from molenspin.mills import estimates as est
from molenspin.mills.estimates import Machine, SawFrames, estimate
from molenspin.mills.table import Mill, Stage

SAILS = "sails"

MACHINES: dict[str, Machine] = {
    "stone nut": Machine.STONE,
    "screw wheel": Machine.SCREW,
    "scoop pit wheel": Machine.SCOOP_WHEEL,
    "crank wheel": Machine.SAW,
}
"""The machine behind the last wheel of a branch."""

PARALLEL = ("stone nut", "crank wheel")
"""Wheels on a shaft parallel to their driver's: spur gears; all others are bevel gears."""

GUSTS = ((0.1, 0.11, 0.0), (0.05, 0.37, 1.0))


def mill_assembly(mill: Mill) -> Assembly:
    """Build the drivetrain of a mill.

    Raises
    ------
    InvalidValueError
        If a branch does not end in a wheel of `MACHINES`.
    """
    span = mill.sail_span or est.STANDARD_SPAN
    assembly = Assembly(mill.key)
    _add_sails(assembly, mill, span)
    _add_upright_shaft(assembly, mill, span)
    for stage in mill.output_stages:
        _add_output(assembly, mill, stage, span)
    return assembly


def output_body(mill: Mill, stage: Stage) -> str:
    """Name of the rotor that turns with the machine of an output stage."""
    if _machine(mill, stage) is Machine.SAW:
        return _body_name(stage.driven)
    return f"{_machine(mill, stage)}{_suffix(mill, stage)}"


def _add_sails(assembly: Assembly, mill: Mill, span: float) -> None:
    sails = assembly.add_body(
        SAILS, inertia=est.sail_inertia(span), mass=est.sail_mass(span), axis=Axis.HORIZONTAL
    )
    _support(assembly, sails, coulomb=est.neck_friction(span))
    sail = Sail(
        SAILS,
        radius=span / 2,
        wind_speed=est.WIND_SPEED,
        torque_coefficient=estimate(est.TORQUE_COEFFICIENT),
        runaway_ratio=est.RUNAWAY_RATIO,
        gusts=GUSTS,
        name="wind",
    )
    assembly.add(sail)
    first = mill.first_stage
    brake_wheel = _add_wheel(assembly, _body_name(first.driver), first.driver_teeth, Axis.HORIZONTAL)
    _join(assembly, "windshaft", (sails, brake_wheel), est.WINDSHAFT.stiffness(span))


def _add_upright_shaft(assembly: Assembly, mill: Mill, span: float) -> None:
    """The wallower, and below it the wheels that drive the branches, in the order of the table."""
    if len(mill.stages) == 1:
        return
    first = mill.first_stage
    above = _add_wheel(assembly, _body_name(first.driven), first.driven_teeth)
    _mesh(assembly, first, above.name)
    drivers = {stage.driver: stage.driver_teeth for stage in mill.output_stages}
    stiffness = est.UPRIGHT_SHAFT.stiffness(span, sections=len(drivers))
    for number, (driver, teeth) in enumerate(drivers.items(), start=1):
        wheel = _add_wheel(assembly, _body_name(driver), teeth)
        name = "upright_shaft" if len(drivers) == 1 else f"upright_shaft{number}"
        _join(assembly, name, (above, wheel), stiffness)
        above = wheel


def _add_output(assembly: Assembly, mill: Mill, stage: Stage, span: float) -> None:
    """The last wheel of a branch and its machine, which takes its share of the power at design speed."""
    machine = _machine(mill, stage)
    axis = Axis.VERTICAL if machine is Machine.STONE else Axis.HORIZONTAL
    wheel = _add_wheel(assembly, _body_name(stage.driven) + _suffix(mill, stage), stage.driven_teeth, axis)
    _mesh(assembly, stage, wheel.name)
    speed = est.design_speed(span) * mill.tooth_ratio(stage)
    power = est.design_power(span) / len(mill.output_stages)
    if machine is Machine.SAW:
        _add_saw_frames(assembly, wheel, power, speed)
    else:
        diameter = mill.output_diameter or est.OUTPUTS[machine].span_share * span
        rotor = _add_rotor(assembly, output_body(mill, stage), machine, diameter, axis)
        _join(assembly, f"{rotor.name}_spindle", (wheel, rotor), est.SPINDLE.stiffness(span))
        _add_load(assembly, rotor, machine, torque=power / speed, speed=speed)


def _add_rotor(assembly: Assembly, name: str, machine: Machine, diameter: float, axis: Axis) -> Body:
    output = est.OUTPUTS[machine]
    inertia, mass = est.output_inertia(output, diameter), est.output_mass(output, diameter)
    rotor = assembly.add_body(name, inertia=inertia, mass=mass, axis=axis)
    _support(assembly, rotor)
    return rotor


def _add_load(assembly: Assembly, rotor: Body, machine: Machine, *, torque: float, speed: float) -> None:
    output = est.OUTPUTS[machine]
    load = Load(
        rotor.name,
        viscous=estimate(output.viscous * torque / speed),
        quadratic=estimate(output.quadratic * torque / speed**2),
        coulomb=estimate(output.constant * torque),
        slip_speed=0.5,
        name=f"{rotor.name}_load",
    )
    assembly.add(load)


def _add_saw_frames(assembly: Assembly, wheel: Body, power: float, speed: float) -> None:
    """Throws evenly spread around the crank shaft, each with its frame."""
    saws = SawFrames()
    for number in range(saws.count):
        angle = 2 * pi * number / saws.count
        throw = assembly.add_body(
            f"throw{number + 1}", inertia=saws.throw_inertia, mass=saws.throw_mass, angle=angle
        )
        frame = assembly.add_body(
            f"frame{number + 1}",
            inertia=saws.frame_inertia,
            mass=saws.frame_mass,
            displacement=_slide(angle, saws.crank, saws.rod),
        )
        _support(assembly, throw)
        assembly.add(
            Bearing(frame.name, axial_damping=saws.resistance(power, speed)),
            Coupling(throw.name, wheel.name, offset=angle),
            SliderCrank(throw.name, frame.name, saws.crank, saws.rod),
            Lock(frame.name, "spin"),
        )


def _slide(angle: float, crank: float, rod: float) -> float:
    return crank * cos(angle) + sqrt(rod**2 - (crank * sin(angle)) ** 2) - crank - rod


def _add_wheel(assembly: Assembly, name: str, teeth: int, axis: Axis = Axis.VERTICAL) -> Body:
    wheel = assembly.add_body(name, inertia=est.wheel_inertia(teeth), mass=est.wheel_mass(teeth), axis=axis)
    _support(assembly, wheel)
    return wheel


def _support(assembly: Assembly, body: Body, coulomb: float = 0.0) -> None:
    stiffness, damping = est.axial_support(body.mass)
    assembly.add(Bearing(body.name, coulomb=coulomb, axial_stiffness=stiffness, axial_damping=damping))


def _join(assembly: Assembly, name: str, ends: tuple[Body, Body], stiffness: float) -> None:
    a, b = ends
    damping = est.shaft_damping(stiffness, a.inertia, b.inertia)
    assembly.add(ElasticShaft(a.name, b.name, stiffness, damping, name=name))


def _mesh(assembly: Assembly, stage: Stage, driven: str) -> None:
    driver, teeth = _body_name(stage.driver), (stage.driver_teeth, stage.driven_teeth)
    module = estimate(est.COG_MODULE)
    if stage.driven in PARALLEL:
        assembly.add(Gear(driver, driven, teeth, module))
    else:
        assembly.add(BevelGear(driver, driven, teeth, module=module))


def _machine(mill: Mill, stage: Stage) -> Machine:
    if stage.driven not in MACHINES:
        known = ", ".join(MACHINES)
        raise InvalidValueError(
            f"mill {mill.key}: branch {stage.branch} ends in {stage.driven!r}; "
            f"the last wheel must be one of {known}"
        )
    return MACHINES[stage.driven]


def _suffix(mill: Mill, stage: Stage) -> str:
    """Tells apart outputs of one kind: the last word of the branch, ``stones A`` gives ``_a``."""
    same = [other for other in mill.output_stages if other.driven == stage.driven]
    return f"_{stage.branch.split()[-1].lower()}" if len(same) > 1 else ""


def _body_name(wheel: str) -> str:
    return wheel.replace(" ", "_")
