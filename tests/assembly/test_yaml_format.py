"""Assemblies as YAML and their content hash: nothing lost, everything that matters seen, nothing else."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import yaml
from random_parts import random_assembly, random_bodies, random_part

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS
from molenspin.assembly.yaml_format import assembly_to_dict, content_hash

SEEDS = range(20)
TEXT = """
name: x
gravity: 9.0
bodies:
- {name: a, inertia: 1.0, mass: 40.0, angle: 0.5}
- {name: b, inertia: 2.0, mass: 5.0}
elements:
- {type: Sail, a: a, radius: 2.0, wind_speed: 8.0, torque_coefficient: 0.1, runaway_ratio: 3.0,
   gusts: [[1.0, 2.0, 3.0]]}
constraints:
- {type: Gear, a: a, b: b, teeth: [20, 40], module: 10.0}
- {type: Belt, a: b, b: a, teeth: [20, 41], name: belt}
"""


def loaded(tmp_path, text: str) -> ms.Assembly:
    path = tmp_path / "assembly.yaml"
    path.write_text(text)
    return ms.load_assembly(path)


@pytest.mark.parametrize("seed", SEEDS)
def test_saving_and_loading_keeps_every_part(seed, tmp_path):
    rng = np.random.default_rng(seed)
    assembly = random_assembly(rng, element_count=6, constraint_count=3)
    assembly.save(tmp_path / "copy.yaml")
    copy = ms.load_assembly(tmp_path / "copy.yaml")
    assert (copy.name, copy.gravity, copy.bodies) == (assembly.name, assembly.gravity, assembly.bodies)
    assert (copy.elements, copy.constraints) == (assembly.elements, assembly.constraints)
    assert content_hash(copy) == content_hash(assembly)


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("name: x", "name: y"),
        ("gravity: 9.0", "gravity: 9"),
        ("mass: 40.0", "mass: 40"),
        ("mass: 40.0", "mass: 4e1"),
        ("mass: 40.0", "mass: +40."),
        ("inertia: 1.0, mass: 40.0", "mass: 40.0, inertia: 1.0"),
        ("mass: 5.0", "mass: 5.0, angle: 0, velocity: 0.0, axis: vertical"),
        ("[[1.0, 2.0, 3.0]]", "[[1, 2, 3]]"),
        ("[20, 40]", "[20.0, 40.]"),
        ("[20, 41]", "[20.0, 41.]"),
        ("module: 10.0", "module: 10, internal: no, helix_angle: -0.0, name: gear_a_b"),
        ("type: Gear, a: a", "a: a, type: Gear"),
        ("gravity: 9.0\n", "# a comment\ngravity: 9.0\n"),
    ],
)
def test_spelling_changes_no_content(written, otherwise, tmp_path):
    assert written in TEXT
    changed = loaded(tmp_path, TEXT.replace(written, otherwise))
    assert content_hash(changed) == content_hash(loaded(tmp_path, TEXT))


def test_order_of_sections_and_numbers_of_numpy_change_no_content(tmp_path):
    data = yaml.safe_load(TEXT)
    turned = yaml.safe_dump(dict(reversed(data.items())), sort_keys=False)
    assembly = loaded(tmp_path, TEXT)
    assert content_hash(loaded(tmp_path, turned)) == content_hash(assembly)
    numpy_numbers = {"mass": np.int64(40), "angle": np.float32(0.5)}
    assert content_hash(assembly.replacing({"a": numpy_numbers})) == content_hash(assembly)


OTHER_WORDS = {"spin": "axial", "axial": "spin", "vertical": "horizontal", "horizontal": "vertical"}


def other(value: Any) -> Any:
    """A value that differs, of the same kind and allowed at the same place."""
    if isinstance(value, tuple):
        return (*value[:-1], other(value[-1])) if value else ((0.5, 0.25, 0.125),)
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return OTHER_WORDS.get(value, "e")
    return value + 1 if isinstance(value, int) else 0.875 * value + 0.0625


@pytest.mark.parametrize("kind", [ms.Body, *ELEMENTS, *CONSTRAINTS])
def test_every_field_is_content(kind):
    """Numbers, texts, flags and what tuples hold: each, changed alone, changes the hash."""
    rng = np.random.default_rng(0)
    assembly = random_bodies(rng)
    assembly.add_body("e", inertia=1.0, mass=1.0)
    part = ms.Body("f", 1.5, 2.5) if kind is ms.Body else random_part(kind, rng)
    seen = set()
    for field in fields(part):
        value = getattr(part, field.name)
        if value is None:  # the pulleys' teeth or radii: one of the two is not given
            continue
        varied = replace(part, **{field.name: "other" if field.name == "name" else other(value)})
        copy = assembly.replacing({})
        copy.add(varied)
        seen.add(content_hash(copy))
    given = [field for field in fields(part) if getattr(part, field.name) is not None]
    assembly.add(part)
    assert len(seen - {content_hash(assembly)}) == len(given)


def test_gravity_and_the_order_of_parts_are_content(tmp_path):
    data = yaml.safe_load(TEXT)
    hashes = {content_hash(loaded(tmp_path, TEXT))}
    for section in ("bodies", "constraints"):
        turned = {**data, section: data[section][::-1]}
        hashes.add(content_hash(loaded(tmp_path, yaml.safe_dump(turned))))
    hashes.add(content_hash(loaded(tmp_path, TEXT.replace("gravity: 9.0", "gravity: 9.1"))))
    hashes.add(content_hash(loaded(tmp_path, TEXT.replace("gravity: 9.0", ""))))
    assert len(hashes) == 5


def test_hash_of_the_smallest_mill_is_that_of_earlier_versions():
    """Stores find their cases by it: a change would compute everything again."""
    known = "7cd821ec3fd0d44280de8b17b6c1a900083378d489effc0a4efcd57386dd8d21"
    assert content_hash(ms.benchmark_assembly("mill", 4)) == known


@pytest.mark.parametrize("field", ["mass", "angle"])
def test_an_array_is_no_content(field, tmp_path):
    assembly = ms.Assembly("x")
    assembly.add_body("a", **{"inertia": 1.0, "mass": 2.0, field: np.ones(3)})
    for write in (content_hash, lambda given: given.save(tmp_path / "x.yaml")):
        with pytest.raises(ms.InvalidValueError, match=f"a: {field} holds an array: give one number"):
            write(assembly)


def test_defaults_are_not_written():
    assembly = ms.Assembly("x")
    assembly.add_body("a", inertia=1, mass=2, angle=0.0)
    assembly.add(ms.Bearing("a", drag=3, name="hinge"), ms.Lock("a", "axial"))
    assert assembly_to_dict(assembly) == {
        "name": "x",
        "bodies": [{"name": "a", "inertia": 1.0, "mass": 2.0}],
        "elements": [{"type": "Bearing", "a": "a", "drag": 3.0, "name": "hinge"}],
        "constraints": [{"type": "Lock", "a": "a", "dof": "axial", "name": "lock_a"}],
    }
