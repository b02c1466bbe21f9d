"""Paths as users write them: ``~`` is the home folder, and what cannot be a path is refused in one line."""

import os
import re
from os import PathLike
from pathlib import Path

from molenspin.errors import InvalidTypeError, InvalidValueError

LONGEST_NAME = 255
"""Bytes of one name in a path that file systems allow."""

_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def user_path(path: object) -> Path:
    """A path from a text or a path, with ``~`` and ``~name`` replaced by the home folder.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        If it is neither, or cannot be a path.
    """
    if not isinstance(path, (str, PathLike)) or not isinstance(text := os.fspath(path), str):
        raise InvalidTypeError(f"a path must be a text or a pathlib.Path, not {path!r:.80}")
    if not text.strip() or _UNUSABLE.search(text):
        raise InvalidValueError(f"a path must be a text without control characters, not {text!r:.80}")
    try:
        found = Path(text).expanduser()
    except RuntimeError as error:
        raise InvalidValueError(f"path {text!r:.80}: there is no such home folder") from error
    if any(len(name.encode()) > LONGEST_NAME for name in found.parts):
        raise InvalidValueError(f"path {text!r:.80}: a name in it is longer than {LONGEST_NAME} bytes")
    return found


def user_location(text: str) -> str:
    """A path or a URL (``s3://...``) with ``~`` replaced by the home folder."""
    return text if "://" in text else str(user_path(text))


def check_configured_path(text: str) -> str:
    """Raise unless ``text`` is a path that a workflow can use; it is returned as it was written."""
    if "{" in text or "}" in text:
        raise InvalidValueError("a path without braces is needed: Snakemake takes {...} as a wildcard")
    user_location(text)
    return text
