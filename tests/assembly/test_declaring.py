"""Building an assembly: names, references between parts, copies with other values."""

import numpy as np
import pytest

import molenspin as ms


def pair() -> ms.Assembly:
    assembly = ms.Assembly("pair", gravity=9.81)
    assembly.add_body(
        "a", inertia=1.0, mass=2.0, angle=0.1, displacement=0.2, velocity=0.4, axis="horizontal"
    )
    assembly.add_body("b", inertia=3.0, mass=4.0, angular_velocity=0.3)
    return assembly


def test_parts_are_kept_in_their_order_and_by_their_kind():
    assembly = pair()
    lock, bearing = ms.Lock("a", "axial"), ms.Bearing("b", drag=1.0, name="hinge")
    gear = ms.Gear("a", "b", (20, 30), 4.0)
    assembly.add(lock, bearing, gear)
    assert [body.name for body in assembly.bodies] == ["a", "b"]
    assert assembly.bodies[0] == ms.Body("a", 1.0, 2.0, 0.1, 0.2, 0.0, 0.4, "horizontal")
    assert [part.name for part in assembly.elements] == ["hinge"]
    assert [part.name for part in assembly.constraints] == ["lock_a", "gear_a_b"]
    assert assembly.component("a") is assembly.bodies[0]
    assert assembly.component("hinge") is bearing
    assert repr(assembly) == "<Assembly pair: 2 bodies, 1 elements, 2 constraints>"


def test_parts_without_a_name_get_one_of_their_kind_and_bodies():
    assembly = pair()
    assembly.add(
        *(ms.ElasticShaft("a", "b", 1.0, 0.0) for _ in range(3)), ms.Load("b"), ms.Cam("b", "a", (1.0,))
    )
    names = [part.name for part in (*assembly.elements, *assembly.constraints)]
    shafts = ["elastic_shaft_a_b", "elastic_shaft_a_b_2", "elastic_shaft_a_b_3"]
    assert names == [*shafts, "load_b", "cam_b_a"]


def test_default_names_avoid_those_of_bodies_and_stay_short_enough():
    assembly = pair()
    long = ["x" * 80, "y" * 80]
    for name in ("load_a", *long):
        assembly.add_body(name, inertia=1.0, mass=1.0)
    assembly.add(ms.Load("a"), *(ms.Coupling(*long, dof=dof) for dof in ("spin", "axial")))
    assert [part.name for part in assembly.elements] == ["load_a_2"]
    base = ("coupling_" + "x" * 80)[:70]
    assert [part.name for part in assembly.constraints] == [base, f"{base}_2"]


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (ms.Body("b", 1.0, 1.0), "assembly pair: the name 'b' is used twice"),
        (ms.Body("gear", 1.0, 1.0), "the name 'gear' is used twice"),
        (ms.Load("a", name="b"), "the name 'b' is used twice"),
        (ms.Load("a", name="gear"), "the name 'gear' is used twice"),
        (ms.Load("c"), "load_c: a names the body 'c', which is not in assembly pair; known are a, b"),
        (ms.Load("gear"), "a names the body 'gear', which is not in assembly pair"),
        (ms.Coupling("a", "c"), "coupling_a_c: b names the body 'c'"),
        (ms.Coupling("b", "b"), "a part cannot join the body 'b' to itself"),
        (ms.Planetary("a", "b", "a", (20, 40)), "cannot join the body 'a' to itself"),
        (ms.Load("a", viscous=-1.0, name="fan"), "fan: viscous must be"),
        (ms.Load("a", viscous=-1.0), "Load: viscous must be"),
        (ms.Body("c", -1.0, 1.0), "body c: inertia must be"),
    ],
)
def test_a_part_that_does_not_fit_is_refused_and_changes_nothing(component, message):
    assembly = pair()
    assembly.add(ms.Gear("a", "b", (20, 30), 4.0, name="gear"))
    with pytest.raises(ms.InvalidValueError) as caught:
        assembly.add(component)
    assert message in str(caught.value)
    assert (len(assembly.bodies), len(assembly.elements), len(assembly.constraints)) == (2, 0, 1)


@pytest.mark.parametrize("gravity", [0.0, -9.81, float("inf"), "9.81", True])
def test_gravity_is_none_or_above_0(gravity):
    with pytest.raises(ms.MolenspinError, match="assembly pair: gravity must be"):
        ms.Assembly("pair", gravity=gravity)


def test_replacing_gives_a_copy_that_differs_there_only():
    assembly = pair()
    assembly.add(ms.Load("a", viscous=1.0, name="fan"), ms.Lock("b", "spin", name="stop"))
    copy = assembly.replacing({"a": {"mass": 5.0}, "fan": {"quadratic": 2.0}, "stop": {"value": 0.5}})
    assert (copy.name, copy.gravity) == ("pair", 9.81)
    assert copy.bodies == (
        ms.Body("a", 1.0, 5.0, 0.1, 0.2, 0.0, 0.4, "horizontal"),
        assembly.bodies[1],
    )
    assert copy.elements == (ms.Load("a", viscous=1.0, quadratic=2.0, name="fan"),)
    assert copy.constraints == (ms.Lock("b", "spin", value=0.5, name="stop"),)
    assert assembly.component("a").mass == 2.0


def test_unknown_components_and_arguments_are_named_with_the_nearest():
    assembly = pair()
    assembly.add(ms.Load("a", name="fan"))
    with pytest.raises(ms.InvalidValueError, match="no component 'fann'; did you mean 'fan'"):
        assembly.replacing({"fann": {"quadratic": 2.0}})
    with pytest.raises(
        ms.InvalidValueError, match="fan: unknown argument 'quadratik'; did you mean 'quadratic'"
    ):
        assembly.replacing({"fan": {"quadratik": 2.0}})
    with pytest.raises(ms.InvalidValueError, match="c: unknown argument 'anlge'; did you mean 'angle'"):
        assembly.add_body("c", inertia=1.0, mass=1.0, anlge=1.0)
    with pytest.raises(ms.InvalidTypeError, match="a component is named by a text, not 3"):
        assembly.component(3)


def test_every_step_is_recorded_unless_said_otherwise():
    how = {"duration": 0.5, "dt": 0.125, "backend": "numpy"}
    assert pair().simulate(**how)["time"].to_numpy().tolist() == [0.0, 0.125, 0.25, 0.375, 0.5]
    ensemble = pair().simulate_ensemble({"a.mass": [1.0, 2.0]}, **how)
    assert ensemble["angle"].sizes == {"member": 2, "body": 2, "time": 5}


def test_an_array_is_for_ensembles_only():
    """Also an array of one value per body, or of one value: an assembly alone has no members."""
    for values in (np.ones(2), np.ones((1, 1)), np.ones(3)):
        with pytest.raises(ms.InvalidValueError, match="vary fields with simulate_ensemble"):
            pair().replacing({"a": {"mass": values}}).compile()


def test_an_assembly_without_bodies_does_not_compile():
    with pytest.raises(ms.InvalidValueError, match="assembly empty: add at least one body"):
        ms.Assembly("empty").compile()
