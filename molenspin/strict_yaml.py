"""YAML as users mean it: safe, no duplicate keys, no aliases, and 1e-3 is a number.

Values are built directly from the parser's events, some 25 times as fast as PyYAML's loaders: resolving tags
and anchors, which are refused here, is what takes their time.
"""

import re
from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from molenspin.errors import InvalidValueError, MolenspinError

SIZE_LIMIT = 16 * 2**20
"""Largest file that is read [bytes]: an assembly of some 50,000 bodies, read in seconds."""

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Its parser alone is used: libyaml's where PyYAML was built with it."""

_WORDS: dict[str, bool | None] = {
    spelling: value
    for value, words in {None: ("null",), True: ("true", "yes", "on"), False: ("false", "no", "off")}.items()
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
} | {"": None, "~": None}

# Numbers are decimal here; YAML 1.1 reads 1e-3 as a text, 010 as eight, 1:30 as ninety, 2026-01-01 as a date.
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?((\d+\.\d*|\.\d+)([eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.inf)|\.nan", re.ASCII | re.IGNORECASE
)


def read_yaml(path: Path, *, size_limit: int = SIZE_LIMIT) -> Any:  # noqa: ANN401  (whatever the file holds)
    """Read one YAML document.

    Parameters
    ----------
    path
        The file.
    size_limit
        Largest file that is read [bytes].

    Raises
    ------
    InvalidValueError
        If the file cannot be read, is too large, or is not YAML; says the line.
    """
    try:
        if not path.is_file():
            raise InvalidValueError(f"{path} is not a file")
        size = path.stat().st_size
        if size > size_limit:
            raise InvalidValueError(
                f"{path} has {size / 2**20:.1f} MiB, more than the {size_limit >> 20} MiB that are read: "
                "split a configuration, build a larger assembly in Python"
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, MolenspinError):
            raise
        raise InvalidValueError(f"cannot read {path}: {error}") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> Any:  # noqa: ANN401
    """Parse one YAML document; ``where`` names it in messages."""
    try:
        return _document(_Loader(text).get_event)
    except RecursionError as error:
        raise InvalidValueError(f"{where}: not valid YAML: nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        # An error at the end of the text is marked on the line after the last one.
        place = f", line {min(mark.line + 1, len(text.splitlines()))}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise InvalidValueError(f"{where}{place}: not valid YAML: {problem}") from error


def dump_yaml(data: object) -> str:
    """Write plain data as YAML, keys in the given order, short entries on one line."""
    return yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True)


def _document(next_event: Callable[[], Event]) -> Any:  # noqa: ANN401
    """The value of the only document of a stream; None where there is none."""
    next_event()  # the start of the stream
    if not isinstance(next_event(), DocumentStartEvent):
        return None
    value = _value(next_event(), next_event)
    next_event()  # the end of the document
    event = next_event()
    if not isinstance(event, StreamEndEvent):
        _refuse(event, "but found another document")
    return value


def _value(event: Any, next_event: Callable[[], Event]) -> Any:  # noqa: ANN401
    if isinstance(event, AliasEvent):
        _refuse(event, "aliases (*name) are not allowed")
    if event.tag is not None:
        _refuse(event, "tags (!name) are not allowed")
    if isinstance(event, ScalarEvent):
        return _scalar(event.value) if event.implicit[0] else event.value
    if isinstance(event, SequenceStartEvent):
        return _sequence(next_event)
    return _mapping(next_event)


def _sequence(next_event: Callable[[], Event]) -> list[Any]:
    items = []
    while not isinstance(event := next_event(), SequenceEndEvent):
        items.append(_value(event, next_event))
    return items


def _mapping(next_event: Callable[[], Event]) -> dict[Hashable, Any]:
    items: dict[Hashable, Any] = {}
    while not isinstance(event := next_event(), MappingEndEvent):
        if isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            _refuse(event, "found unhashable key: a list or a mapping")
        key = _value(event, next_event)
        if key in items:
            _refuse(event, f"the key {key!r} stands twice")
        items[key] = _value(next_event(), next_event)
    return items


@lru_cache(maxsize=4096)
def _scalar(text: str) -> str | int | float | bool | None:
    """The value of a plain (unquoted) scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _refuse(event: Any, problem: str) -> NoReturn:  # noqa: ANN401  (the stubs know no tag)
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
