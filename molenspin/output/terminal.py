"""Text from other people's files in a terminal: control characters are shown, not obeyed."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

# C0 and C1 without tab and newline, soft hyphen, directional and invisible formatting, lone surrogates.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_BREAKS = re.compile("[\t\n]")


def visible(text: str) -> str:
    """The text with every control character as its escape in Python. Tab and newline stay."""
    return _HIDDEN.sub(_escape, text)


def one_line(text: object) -> str:
    """The text with tabs and newlines as escapes, too: a name or a message cannot forge lines of ours."""
    return _LINE_BREAKS.sub(_escape, visible(str(text)))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


@contextmanager
def visible_output() -> Iterator[None]:
    """Everything that is printed inside the block passes through `visible`, errors too."""
    out, errors = (cast(TextIO, _VisibleStream(stream)) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(out), redirect_stderr(errors):
        yield


class _VisibleStream:
    """A text stream whose text is made visible; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(visible(text))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._stream, name)
