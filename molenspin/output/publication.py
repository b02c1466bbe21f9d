"""What published results say of the machine and its folders: a name that can be replaced, and no paths."""

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MACHINE_VARIABLE = "MOLENSPIN_MACHINE"
"""Environment variable: the name of this machine in results, in place of the host's."""

# Two names at least, and nothing before the first: "a/b" and "https://a/b" are not absolute paths.
_ABSOLUTE_PATH = re.compile(r"(?<![\w:/.~\\-])(?:file://)?(?:/[^\s/:;,'\"()<>=|]+){2,}/?")


def machine_name() -> str:
    """The name of this machine in results: ``MOLENSPIN_MACHINE`` if set, else the host's."""
    return os.environ.get(MACHINE_VARIABLE) or platform.node() or "unnamed"


def without_folders(text: str) -> str:
    """A sentence with the last name alone of every absolute path; paths below this folder are relative."""
    return _ABSOLUTE_PATH.sub(lambda path: _last_name(path[0]), _relative(text))


def publishable(value: Any) -> Any:  # noqa: ANN401  (plain data of any shape)
    """Plain data, such as a configuration, in which no text is an absolute path."""
    if isinstance(value, str):
        relative = _relative(value)
        is_absolute = relative.startswith(("/", "file:///"))
        return _last_name(relative) if is_absolute else relative
    if isinstance(value, Mapping):
        return {key: publishable(item) for key, item in value.items()}
    return [publishable(item) for item in value] if isinstance(value, list | tuple) else value


def _relative(text: str) -> str:
    """Paths below this folder, the package's and the user's, whose names may hold spaces, made relative."""
    folders = {str(Path.cwd()), str(Path(__file__).parents[2]), os.environ.get("HOME", "")} - {"", "/"}
    for folder in sorted(folders, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.~-])(file://)?{re.escape(folder)}/", "", text)
    return text


def _last_name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
