"""Assemblies as YAML: keys are the class and argument names; unknown keys are refused."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import cache, partial
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.body import Body
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS, Part
from molenspin.assembly.parameters import Component, count_fields, field_types, nearest, required_fields
from molenspin.errors import InvalidTypeError, InvalidValueError, MolenspinError
from molenspin.strict_yaml import dump_yaml, read_yaml
from molenspin.user_paths import user_path

Named = TypeVar("Named", bound=Component)

KEYS = ("name", "gravity", "bodies", "elements", "constraints")


def load_assembly(path: str | Path) -> Assembly:
    """Read an assembly from a YAML file.

    Raises
    ------
    MolenspinError
        If the file cannot be read or holds something that is not an assembly; says the key and what to do.
    """
    data = read_yaml(user_path(path))
    try:
        return assembly_from_dict(data)
    except MolenspinError as error:
        raise InvalidValueError(f"{path}: {error}") from error


def save_assembly(assembly: Assembly, path: str | Path) -> None:
    """Write an assembly in the form that `load_assembly` reads.

    Raises
    ------
    InvalidValueError
        If the file cannot be written.
    """
    try:
        user_path(path).write_text(dump_yaml(assembly_to_dict(assembly)), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidValueError(f"cannot write {path}: {error}") from error


def content_hash(assembly: Assembly) -> str:
    """Hash of everything that determines the motion: all but the assembly's own name."""
    content = {key: value for key, value in assembly_to_dict(assembly).items() if key != "name"}
    return sha256(dumps(content, sort_keys=True).encode()).hexdigest()


def assembly_from_dict(data: object) -> Assembly:
    """Build an assembly from the mapping that a YAML file holds."""
    mapping = _mapping(data, "an assembly file")
    _refuse_unknown(mapping, KEYS, "top level")
    if "name" not in mapping:
        raise InvalidValueError("name is missing: give the assembly a name")
    assembly = Assembly(mapping["name"], gravity=mapping.get("gravity"))
    _add_entries(assembly, mapping, "bodies", partial(_build, Body))
    _add_entries(assembly, mapping, "elements", partial(_build_part, ELEMENTS))
    _add_entries(assembly, mapping, "constraints", partial(_build_part, CONSTRAINTS))
    return assembly


def assembly_to_dict(assembly: Assembly) -> dict[str, Any]:
    """The mapping that `assembly_from_dict` reads; fields at their defaults are left out.

    A number is written in one way, however it was given: 40 as 40.0, 24.0 teeth as 24.
    """
    data: dict[str, Any] = {"name": assembly.name}
    if assembly.gravity is not None:
        data["gravity"] = float(assembly.gravity)
    data["bodies"] = [_entry(body) for body in assembly.bodies]
    data["elements"] = [{"type": type(part).__name__, **_entry(part)} for part in assembly.elements]
    data["constraints"] = [{"type": type(part).__name__, **_entry(part)} for part in assembly.constraints]
    return data


def _add_entries(
    assembly: Assembly,
    mapping: Mapping[str, Any],
    section: str,
    build: Callable[[Mapping[str, Any]], Body | Part],
) -> None:
    entries = mapping.get(section)
    if not isinstance(entries, list | None):
        raise InvalidTypeError(f"{section} must be a list, not {entries!r:.80}")
    for number, entry in enumerate(entries or []):
        try:
            assembly.add(build(_mapping(entry, "an entry")))
        except MolenspinError as error:
            raise InvalidValueError(f"{section}[{number}]: {error}") from error


def _build_part(classes: tuple[type[Part], ...], entry: Mapping[str, Any]) -> Part:
    known = {part.__name__: part for part in classes}
    name = entry.get("type")
    if name is None:
        raise InvalidValueError(f"type is missing{nearest('', known)}")
    if not isinstance(name, str) or name not in known:
        raise InvalidValueError(f"type {name!r} is not known{nearest(str(name), known)}")
    return _build(known[name], {key: value for key, value in entry.items() if key != "type"})


def _build(component_type: type[Named], entry: Mapping[str, Any]) -> Named:
    where = component_type.__name__
    _refuse_unknown(entry, list(field_types(component_type)), where)
    missing = [field for field in required_fields(component_type) if field not in entry]
    if missing:
        raise InvalidValueError(f"{where}: missing: {', '.join(missing)}")
    return component_type(**{key: _tuples(value) for key, value in entry.items()})


def _entry(component: Component) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for name, default, number in _written_fields(type(component)):
        value = getattr(component, name)
        if isinstance(value, np.ndarray) and value.ndim:
            raise InvalidValueError(
                f"{component.name}: {name} holds an array: give one number; simulate_ensemble varies it"
            )
        if default is MISSING or value != default:
            entry[name] = _plain(value, number)
    return entry


@cache
def _written_fields(
    component_type: type[Component],
) -> tuple[tuple[str, object, type[int] | type[float]], ...]:
    """Name, default and kind of number of each field."""
    counts = count_fields(component_type)
    fields = component_type.__dataclass_fields__.values()
    return tuple((field.name, field.default, int if field.name in counts else float) for field in fields)


def _plain(value: Any, number: type[int] | type[float]) -> Any:  # noqa: ANN401
    if type(value) in (str, number):
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(item, number) for item in value]
    if isinstance(value, str):
        return str(value)
    return value if value is None or isinstance(value, bool) else number(value)


def _tuples(value: Any) -> Any:  # noqa: ANN401
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _mapping(data: object, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise InvalidTypeError(f"{where} must be a mapping of names to values, not {data!r:.80}")
    return data


def _refuse_unknown(mapping: Mapping[str, Any], known: "list[str] | tuple[str, ...]", where: str) -> None:
    for key in mapping:
        if key not in known:
            raise InvalidValueError(f"{where}: unknown key {key!r}{nearest(key, known)}")
