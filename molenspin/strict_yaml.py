"""YAML as users mean it: safe, no duplicate keys, no aliases, and 1e-3 is a number."""

import re
from pathlib import Path
from typing import Any

import yaml

from molenspin.errors import InvalidValueError

SIZE_LIMIT = 64 * 2**20
"""Largest file that is read [bytes]."""


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses duplicate keys and aliases (a few bytes of which can expand without bound)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                mark = node.value[position][0].start_mark
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=mark)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.add_implicit_resolver(  # YAML 1.1 reads 1e-3 as a text
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)[eE][-+]?\d+$"),
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
        if path.stat().st_size > SIZE_LIMIT:
            raise InvalidValueError(f"{path} is larger than {SIZE_LIMIT >> 20} MiB")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValueError(f"cannot read {path}: {error}") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> Any:  # noqa: ANN401
    """Parse one YAML document; ``where`` names it in messages."""
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or type(error).__name__
        raise InvalidValueError(f"{where}{place}: not valid YAML: {problem}") from error


def dump_yaml(data: object) -> str:
    """Write plain data as YAML, keys in the given order, short entries on one line."""
    return yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True)
