"""A configuration from several layers: files, later ones over earlier ones, then single values over all."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from molenspin.config.load import SIZE_LIMIT, config_from_mapping
from molenspin.config.models import Config
from molenspin.errors import InvalidValueError
from molenspin.strict_yaml import parse_yaml, read_yaml
from molenspin.user_paths import user_path


def layered_config(files: Sequence[str | Path], overrides: Iterable[str] = ()) -> Config:
    """Read configuration files and apply overrides; everything is validated together.

    Parameters
    ----------
    files
        Later files override earlier ones key by key; a list or a single value is replaced whole.
    overrides
        ``key=value`` texts, whose values are YAML: ``name=mine``, ``timing={repeats: 0}``. They override
        the files in the same way.

    Raises
    ------
    InvalidValueError
        If a file cannot be read, or a key or value is wrong.
    """
    content: dict[Any, Any] = {}
    for file in files:
        layer = read_yaml(user_path(file), size_limit=SIZE_LIMIT)
        content = merged(content, _mapping({} if layer is None else layer, str(file)))
    for text in overrides:
        content = merged(content, _override(text))
    return config_from_mapping(content, source=" with ".join(map(str, files)) or "config")


def merged(base: Mapping[Any, Any], layer: Mapping[Any, Any]) -> dict[Any, Any]:
    """One mapping over another; mappings under the same key are merged in turn, other values replaced."""
    result = dict(base)
    for key, value in layer.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


def _override(text: str) -> dict[str, Any]:
    key, separator, value = text.partition("=")
    if not separator:
        raise InvalidValueError(f"--config {text}: KEY=VALUE is needed")
    return {key: parse_yaml(value, f"--config {key}")}


def _mapping(layer: object, source: str) -> Mapping[Any, Any]:
    if not isinstance(layer, Mapping):
        raise InvalidValueError(f"{source}: a mapping of keys is needed, not {type(layer).__name__}")
    return layer
