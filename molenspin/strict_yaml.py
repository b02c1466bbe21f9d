"""YAML as users mean it: safe, no duplicate keys, no aliases, and 1e-3 is a number."""

import re
from pathlib import Path
from typing import Any

import yaml

from molenspin.errors import InvalidValueError, MolenspinError

SIZE_LIMIT = 64 * 2**20
"""Largest file that is read [bytes]."""


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader without duplicate keys, tags and aliases (a few bytes of which can expand without bound)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=mark)
        if getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem="tags (!name) are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                mark = node.value[position][0].start_mark
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=mark)
        return super().construct_mapping(node, deep=deep)


# Numbers are decimal here; YAML 1.1 reads 1e-3 as a text, 010 as eight, 1:30 as ninety, 2026-01-01 as a date.
_REPLACED = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "timestamp")}
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(0|[1-9]\d*)$", re.ASCII), list("-+0123456789")
)
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^([-+]?((\d+\.\d*|\.\d+)([eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.inf)|\.nan)$", re.ASCII | re.IGNORECASE
    ),
    list("-+0123456789."),
)


def read_yaml(path: Path) -> Any:  # noqa: ANN401  (whatever the file holds)
    """Read one YAML document.

    Raises
    ------
    InvalidValueError
        If the file cannot be read or is not YAML; says the line.
    """
    try:
        if not path.is_file():
            raise InvalidValueError(f"{path} is not a file")
        if path.stat().st_size > SIZE_LIMIT:
            raise InvalidValueError(f"{path} is larger than {SIZE_LIMIT >> 20} MiB")
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, MolenspinError):
            raise
        raise InvalidValueError(f"cannot read {path}: {error}") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> Any:  # noqa: ANN401
    """Parse one YAML document; ``where`` names it in messages."""
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except RecursionError as error:
        raise InvalidValueError(f"{where}: not valid YAML: nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise InvalidValueError(f"{where}{place}: not valid YAML: {problem}") from error


def dump_yaml(data: object) -> str:
    """Write plain data as YAML, keys in the given order, short entries on one line."""
    return yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True)
