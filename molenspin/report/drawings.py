"""Drawings (SVG) that a report embeds, and why one is left out."""

import re
from collections.abc import Iterable
from pathlib import Path

from molenspin.errors import MolenspinError

SIZE_LIMIT = 16 * 2**20
"""Largest drawing that is embedded [bytes]: flamegraphs have some hundred kilobytes."""

_BEGINNING = re.compile(
    r"\ufeff?\s*+(?:<\?xml[^>]*+>\s*+)?(?>(?:<!--.*?-->|<!DOCTYPE[^>\[]*>)\s*)*<svg[\s>]", re.DOTALL
)
_END = "</svg>"


def read_drawings(paths: Iterable[Path]) -> tuple[dict[str, str], list[str]]:
    """The drawings by name, and one line for each file that is left out."""
    drawings, left_out = {}, []
    for path in paths:
        try:
            drawings[path.stem] = _drawing(path)
        except MolenspinError as error:
            left_out.append(f"{path.name} is left out: {error}")
    return drawings, left_out


def _drawing(path: Path) -> str:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise MolenspinError(f"larger than {SIZE_LIMIT >> 20} MiB")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MolenspinError(error.strerror or "cannot be read") from error
    except ValueError as error:
        raise MolenspinError("not a drawing (SVG) but other data") from error
    if not _BEGINNING.match(text) or not text.rstrip().endswith(_END):
        raise MolenspinError("not a whole drawing (SVG)")
    return text
