"""`docs/model.md` names the arguments of every class and their defaults: they are those of the code."""

import re
from ast import literal_eval
from dataclasses import MISSING, fields
from pathlib import Path

import numpy as np
import pytest
from random_parts import random_bodies, random_part

import molenspin as ms
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS

MODEL = (Path(__file__).parents[2] / "docs" / "model.md").read_text()
UNSAID = {"name", "gusts", "dof", "teeth", "radii", ("BevelGear", "module")}
"""Defaults that the tables do not write as a number or a flag."""


def documented(name: str) -> dict[str, object]:
    """The defaults in the signature of a class: ``kz=0`` after its argument's name."""
    (signature,) = re.findall(rf"^\| `{name}\((.*)\)` \|", MODEL, re.MULTILINE)
    pairs = re.findall(r"(\w+)(?: \w+)?=([\d.]+|True|False)", signature)
    return {argument: literal_eval(value) for argument, value in pairs}


@pytest.mark.parametrize("kind", [*ELEMENTS, *CONSTRAINTS])
def test_defaults_are_the_documented_ones(kind):
    defaults = {
        field.name: field.default
        for field in fields(kind)
        if field.default is not MISSING and not UNSAID & {field.name, (kind.__name__, field.name)}
    }
    assert documented(kind.__name__) == defaults
    # Compiled, so that the mutation tester finds this test among those of the class's module.
    assembly = random_bodies(rng := np.random.default_rng(0))
    assembly.add(random_part(kind, rng))
    assembly.compile()


def test_a_body_starts_at_rest_at_0():
    assert ms.Body("a", 1.0, 2.0) == ms.Body("a", 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, "vertical")


def test_a_bevel_gears_reaction_is_a_tooth_force_at_module_10():
    """The module that scales it is the one that a toothed belt is scaled with."""
    assembly = ms.Assembly("bevel")
    for name in "ab":
        assembly.add_body(name, inertia=1.0, mass=1.0)
    assembly.add(ms.BevelGear("a", "b", (20, 40)))
    assert assembly.compile().linear_rows.direction[0, :2].tolist() == [0.1, 0.2]
