"""Wrong assemblies: each is refused in one line that says where and what; nothing else ever comes out."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS
from molenspin.assembly.parameters import field_types

GOOD = """\
name: x
bodies:
- {name: a, inertia: 1.0, mass: 2.0}
- {name: b, inertia: 1.0, mass: 2.0}
"""


def body(text: str) -> str:
    """The good file with the first body's mass (2.0) written otherwise."""
    return GOOD.replace("mass: 2.0", f"mass: {text}", 1)


def named(text: str) -> str:
    return GOOD.replace("name: a", f"name: {text}")


def element(text: str) -> str:
    return f"{GOOD}elements: [{{{text}}}]\n"


def constraint(*texts: str) -> str:
    return GOOD + "constraints: [" + ", ".join(f"{{{text}}}" for text in texts) + "]\n"


SAIL = "type: Sail, a: a, radius: 1, wind_speed: 8, torque_coefficient: 0.1, runaway_ratio: 3"
GEAR = "type: Gear, a: a, b: b, module: 10"

BAD: dict[str, tuple[str, str]] = {
    # the file
    "empty": ("", "an assembly file must be a mapping of names to values, not None"),
    "list": ("- 1", "an assembly file must be a mapping of names to values, not [1]"),
    "unclosed": ("name: [", "line 1: not valid YAML"),
    "tab": ("\tname: x", "line 1: not valid YAML: found character"),
    "control character": ("name: \0", "not valid YAML: control characters are not allowed"),
    "two documents": (GOOD + "---\nname: y", "line 5: not valid YAML: but found another document"),
    "nested without end": ("name: " + "[" * 5000, "not valid YAML: nested too deeply"),
    "tag": (GOOD + "elements: !!python/object/apply:os.getcwd []", "line 5: not valid YAML: tags"),
    "harmless tag": (body("!!float 2"), "line 3: not valid YAML: tags (!name) are not allowed"),
    "alias": (GOOD + "elements: &e []\nconstraints: *e", "line 6: not valid YAML: aliases"),
    "key twice": (GOOD + "name: y", "line 5: not valid YAML: the key 'name' stands twice"),
    "key that is a list": (GOOD + "? [1, 2]\n: 3", "line 5: not valid YAML: found unhashable key"),
    "key that is a number": (GOOD + "1: 2", "an assembly file must be a mapping of names to values"),
    "unknown key": (GOOD + "element: []", "top level: unknown key 'element'; did you mean 'elements'?"),
    "no name": ("bodies: []", "name is missing: give the assembly a name"),
    "bodies as mapping": ("name: x\nbodies: {a: 1}", "bodies must be a list, not {'a': 1}"),
    "bodies as zero": ("name: x\nbodies: 0", "bodies must be a list, not 0"),
    "no bodies": ("name: x", "assembly x: add at least one body"),
    "gravity upwards": (GOOD + "gravity: -9.81", "assembly x: gravity must be a finite number above 0"),
    "gravity as text": (GOOD + "gravity: down", "gravity must be a number, not 'down'"),
    # names
    "path as assembly name": (
        GOOD.replace("name: x", "name: ../../x"),
        "assembly name '../../x' is not allowed",
    ),
    "number as assembly name": (GOOD.replace("name: x", "name: 3"), "assembly name must be a text, not 3"),
    "path as body name": (
        named("/etc/a"),
        "bodies[0]: body name '/etc/a' is not allowed: begin with a letter",
    ),
    "dot in name": (named("a.b"), "bodies[0]: body name 'a.b' is not allowed"),
    "empty name": (named("''"), "bodies[0]: body name '' is not allowed"),
    "line break in name": (named('"a\\n"'), r"bodies[0]: body name 'a\n' is not allowed"),
    "invisible character in name": (named('"a\\u202eb"'), "is not allowed"),
    "half a character in name": (named('"a\\ud800"'), "invalid Unicode character escape code"),
    "long name": (named("a" * 81), "then at most 79 letters, digits"),
    "word that YAML reads as false": (named("no"), "bodies[0]: body name must be a text, not False"),
    "body name twice": (
        GOOD.replace("name: b", "name: a"),
        "bodies[1]: assembly x: the name 'a' is used twice",
    ),
    "part named like a body": (element("type: Bearing, a: a, name: b"), "the name 'b' is used twice"),
    "part name null": (element("type: Bearing, a: a, name: null"), "name must be a text, not None"),
    # numbers
    "not a number": (body(".nan"), "bodies[0]: body a: mass must be a finite number above 0, not nan"),
    "infinite": (body("-.inf"), "bodies[0]: body a: mass must be a finite number above 0, not -inf"),
    "overflowing": (body("1e400"), "mass must be a finite number above 0, not inf"),
    "huge": (body("1e200"), "mass must be between 1e-30 and 1e+30 in size, not 1e+200"),
    "tiny": (body("1e-200"), "mass must be between 1e-30 and 1e+30 in size, not 1e-200"),
    "huge whole number": (body("1" + "0" * 400), "mass must be at most 1e+30"),
    "zero": (body("0"), "mass must be a finite number above 0, not 0"),
    "text": (body("heavy"), "mass must be a number, not 'heavy'"),
    "yes": (body("yes"), "mass must be a number, not True"),
    "null": (body("null"), "mass must be a number, not None"),
    "octal": (body("010"), "mass must be a number, not '010'"),
    "sexagesimal": (body("1:30"), "mass must be a number, not '1:30'"),
    "date": (body("2026-01-01"), "mass must be a number, not '2026-01-01'"),
    # bodies and parts
    "body as number": ("name: x\nbodies: [1]", "bodies[0]: an entry must be a mapping"),
    "misspelt argument": (
        GOOD.replace("inertia", "inertai"),
        "unknown key 'inertai'; did you mean 'inertia'?",
    ),
    "missing argument": (
        element("type: ElasticShaft, a: a, b: b"),
        "ElasticShaft: missing: stiffness, damping",
    ),
    "unknown axis": (body("1, axis: up"), "axis must be one of vertical, horizontal, not 'up'"),
    "no type": (element("a: a"), "elements[0]: type is missing; known are Bearing"),
    "unknown type": (element("type: Baering, a: a"), "type 'Baering' is not known; did you mean 'Bearing'?"),
    "constraint as element": (element(f"{GEAR}, teeth: [1, 2]"), "elements[0]: type 'Gear' is not known"),
    "unknown body": (
        element("type: Load, a: aa"),
        "a names the body 'aa', which is not in assembly x; did you",
    ),
    "body that is a list": (element("type: Load, a: [a]"), "elements[0]: Load: a must be a text"),
    "body joined to itself": (constraint("type: Coupling, a: a, b: a"), "cannot join the body 'a' to itself"),
    "unknown dof": (
        constraint("type: Lock, a: a, dof: spinn"),
        "dof must be one of spin, axial, not 'spinn'",
    ),
    "negative stiffness": (
        element("type: Bearing, a: a, axial_stiffness: -1"),
        "a finite number of at least 0",
    ),
    "three tooth counts": (constraint(f"{GEAR}, teeth: [1, 2, 3]"), "teeth must hold 2 values, not 3"),
    "half a tooth": (constraint(f"{GEAR}, teeth: [1.5, 2]"), "teeth[0] must be a whole number between 1"),
    "no teeth": (constraint(f"{GEAR}, teeth: [0, 2]"), "teeth[0] must be a whole number between 1"),
    "teeth as text": (constraint(f"{GEAR}, teeth: '12'"), "teeth must be a list, not '12'"),
    "steep helix": (
        constraint(f"{GEAR}, teeth: [1, 2], helix_angle: 90"),
        "must be between -80 and 80, not 90",
    ),
    "flag as number": (
        constraint(f"{GEAR}, teeth: [1, 2], internal: 1"),
        "internal must be true or false, not 1",
    ),
    "gust of two": (element(f"{SAIL}, gusts: [[0.1, 1]]"), "gusts[0] must hold 3 values, not 2"),
    "flat gust": (element(f"{SAIL}, gusts: [0.1, 1, 0]"), "gusts[0] must be a list, not 0.1"),
    "belt without size": (constraint("type: Belt, a: a, b: b"), "belt_a_b: give either teeth or radii"),
    "total slip": (constraint("type: Belt, a: a, b: b, radii: [1, 2], slip: 1"), "between 0 and 0.99, not 1"),
    "short rod": (
        constraint("type: SliderCrank, a: a, b: b, crank: 2, rod: 1"),
        "rod must be longer than crank",
    ),
    "cam without lift": (constraint("type: Cam, a: a, b: b, lifts: []"), "lifts must hold at least one lift"),
    "joint at a right angle": (constraint("type: UniversalJoint, a: a, b: b, angle: 90"), "between 0 and 89"),
    "redundant": (
        constraint("type: Coupling, a: a, b: b", "type: Coupling, a: b, b: a"),
        "the constraints coupling_a_b, coupling_b_a depend on each other",
    ),
    "contradictory": (
        constraint("type: Drive, a: a, speed: 1", "type: Drive, a: a, speed: 2"),
        "the constraints drive_a, drive_a_2 depend on each other",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ms.MolenspinError) as caught:
        ms.load_assembly(path).compile()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["none.yaml", "folder", "nul\0.yaml"])
def test_path_that_is_no_file_is_refused(tmp_path: Path, name: str):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ms.InvalidValueError, match=r"is not a file|cannot read|without control characters"):
        ms.load_assembly(tmp_path / name)


def test_file_that_is_not_text_is_refused(tmp_path: Path):
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ms.InvalidValueError, match="cannot read"):
        ms.load_assembly(tmp_path / "bad.yaml")


def test_assembly_cannot_be_saved_to_a_missing_folder(tmp_path: Path):
    with pytest.raises(ms.InvalidValueError, match="cannot write"):
        ms.Assembly("x").save(tmp_path / "none" / "x.yaml")


ARGUMENTS = sorted({name for part in (*ELEMENTS, *CONSTRAINTS) for name in field_types(part)})

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["a", "b", "spin", "axial", "vertical", "1e3", "~", "<<", "=", "2026-01-01", "1:30"]),
    st.sampled_from([0.0, 1.0, 2, 30, 1e300, -1e300, 1e-320, 10**400]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from([part.__name__ for part in (*ELEMENTS, *CONSTRAINTS)]) | VALUES},
    optional={name: VALUES for name in ARGUMENTS},
)
"""Entries that come near to parts: known names, any values."""


def plausible(part: type) -> st.SearchStrategy[dict[str, object]]:
    """Entries of one class whose values are mostly allowed, however large."""
    sizes = st.floats(1e-30, 80) | st.floats(1e-30, 1e30) | st.sampled_from([1.0, 2.0, 3.5, 0.0])
    special = {
        "a": st.sampled_from("abc"),
        "b": st.sampled_from("abc"),
        "sun": st.just("a"),
        "ring": st.just("b"),
        "carrier": st.just("c"),
        "dof": st.sampled_from(["spin", "axial"]),
        "teeth": st.lists(st.integers(1, 10**6), min_size=2, max_size=2),
        "radii": st.lists(sizes, min_size=2, max_size=2),
        "lifts": st.lists(sizes, max_size=4),
        "gusts": st.lists(st.lists(sizes, min_size=3, max_size=3), max_size=3),
        "internal": st.booleans(),
        "crossed": st.booleans(),
    }
    fields = {name: special.get(name, sizes) for name in field_types(part) if name != "name"}
    return st.fixed_dictionaries({"type": st.just(part.__name__), **fields})


def entries(parts: tuple[type, ...]) -> st.SearchStrategy[object]:
    return st.lists(st.one_of(PARTS, VALUES, *map(plausible, parts)), max_size=4) | VALUES


BODIES = st.lists(
    st.fixed_dictionaries(
        {"name": st.just("a")}, optional={"inertia": VALUES, "mass": VALUES, "angle": VALUES}
    ),
    max_size=2,
)
GOOD_BODIES = st.just([{"name": name, "inertia": 1.0, "mass": 2.0} for name in "abc"])
FILES = st.fixed_dictionaries(
    {"name": st.just("x") | VALUES, "bodies": GOOD_BODIES | BODIES | VALUES},
    optional={"elements": entries(ELEMENTS), "constraints": entries(CONSTRAINTS), "gravity": VALUES},
)


@settings(max_examples=200)
@given(data=FILES)
def test_any_file_is_an_assembly_or_a_one_line_error(tmp_path_factory: pytest.TempPathFactory, data: object):
    check_text(tmp_path_factory, yaml.safe_dump(data, allow_unicode=True))


@settings(max_examples=200)
@given(start=st.integers(0, len(GOOD)), stop=st.integers(0, len(GOOD)), noise=st.text(max_size=6))
def test_any_damage_to_a_good_file_is_survived(
    tmp_path_factory: pytest.TempPathFactory, start: int, stop: int, noise: str
):
    check_text(tmp_path_factory, GOOD[:start] + noise + GOOD[stop:])


def check_text(factory: pytest.TempPathFactory, text: str) -> None:
    path = factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        assembly = ms.load_assembly(path)
        assembly.compile()
    except ms.MolenspinError as refusal:
        message = str(refusal)
    else:
        message = ""
        assembly.save(path)
        again = ms.load_assembly(path)
        assert (again.bodies, again.elements) == (assembly.bodies, assembly.elements)
    assert "\n" not in message
