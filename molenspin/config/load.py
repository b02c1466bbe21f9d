"""Read and check a configuration: one message for everything that is wrong with it."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from molenspin.config.models import Config
from molenspin.errors import InvalidValueError
from molenspin.strict_yaml import read_yaml
from molenspin.user_paths import user_path

SHOWN_PROBLEMS = 10

AXES_KEYS = ("grid", "zip", "axes")

SIZE_LIMIT = 4 * 2**20
"""Largest configuration that is read [bytes]."""


def load_config(path: str | Path) -> Config:
    """Read a configuration file; keys that it leaves out take their defaults.

    Raises
    ------
    InvalidValueError
        If the file cannot be read, is not YAML, or holds a wrong key or value.
    """
    content = read_yaml(user_path(path), size_limit=SIZE_LIMIT)
    return config_from_mapping({} if content is None else content, source=str(path))


def config_from_mapping(content: object, *, source: str = "config") -> Config:
    """Check a configuration that is already in memory.

    Parameters
    ----------
    content
        A mapping as YAML gives it.
    source
        What to call it in messages.

    Raises
    ------
    InvalidValueError
        With the path of every wrong key or value, and the nearest name where one is near.
    """
    if not isinstance(content, Mapping):
        raise InvalidValueError(f"{source}: a mapping of keys is needed, not {type(content).__name__}")
    try:
        return Config.model_validate(dict(content))
    except ValidationError as error:
        raise InvalidValueError(_describe(error, source)) from None
    except RecursionError:
        raise InvalidValueError(f"{source}: spaces are nested too deeply") from None


def nearest(name: str, allowed: Sequence[str]) -> str:
    """Words that lead from a wrong name to the right one: ``; did you mean "dt"?``, or the allowed names."""
    matches = difflib.get_close_matches(name, allowed, n=1)
    return f'; did you mean "{matches[0]}"?' if matches else f"; allowed: {', '.join(allowed)}"


def _describe(error: ValidationError, source: str) -> str:
    items = error.errors(include_url=False)
    shown = list(dict.fromkeys(_problem(item) for item in items[: 10 * SHOWN_PROBLEMS]))[:SHOWN_PROBLEMS]
    if len(items) > len(shown):
        shown.append(f"... and {len(items) - len(shown)} more")
    return "\n".join([f"{source} is not valid:", *(f"  {problem}" for problem in shown)])


def _problem(item: ErrorDetails) -> str:
    location, value = item["loc"], repr(item["input"])
    parts = (f"[{part}]" if isinstance(part, int) else f".{_short(part)}" for part in location)
    path = "".join(parts).lstrip(".")
    path = path.replace(".[key]", "")
    if item["type"] == "extra_forbidden":
        return f"{path}: unknown key{nearest(_short(str(location[-1])), _keys_at(location[:-1]))}"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] in {"enum", "literal_error"}:
        allowed = item["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f"{path}: {_short(value)} is not allowed{nearest(_short(str(item['input'])), allowed)}"
    if item["type"] == "too_short" and location[-1] in AXES_KEYS:
        return f"{path}: at least one axis is needed"
    if item["type"] == "string_pattern_mismatch":
        message = _pattern_message(path, message)
    return f"{path or 'config'}: {message[0].lower()}{message[1:]} (given: {_short(value)})"


def _pattern_message(path: str, message: str) -> str:
    if ".grid" in path or ".zip" in path or ".axes" in path:
        return "an axis is named component.field (such as sail_spur0.wind_speed), dt, integrator or backend"
    if path.endswith("device"):
        return "a device is auto, cpu, mps, cuda or cuda:1"
    if path == "name" or ".backends" in path:
        return "a name begins with a letter or digit, then has letters, digits, dots, underscores and hyphens"
    return message


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    """Keys that the model at this place of the configuration knows."""
    model: type[BaseModel] = Config
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = _section_of(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _section_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((section for argument in get_args(annotation) if (section := _section_of(argument))), None)
