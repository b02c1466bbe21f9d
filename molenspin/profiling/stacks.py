"""Folded stacks: how often each call stack was found, as text one line per stack (`outer;inner count`)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from molenspin.errors import MolenspinError

Frames: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Stacks:
    """Samples by stack.

    Parameters
    ----------
    counts
        Number of samples of each stack, the outermost frame first.
    """

    counts: Mapping[Frames, int]

    @property
    def sample_count(self) -> int:
        """Number of samples of all stacks."""
        return sum(self.counts.values())

    def below(self, word: str) -> "Stacks":
        """Return the stacks from their first frame that contains ``word``; the others are left out."""
        return gather(
            (frames[start:], count)
            for frames, count in self.counts.items()
            if (start := _first(frames, word)) is not None
        )

    def to_text(self) -> str:
        """Return the stacks in the folded form that flamegraph tools read."""
        return "".join(f"{';'.join(frames)} {count}\n" for frames, count in sorted(self.counts.items()))


def gather(samples: Iterable[tuple[Sequence[str], int]]) -> Stacks:
    """Add up samples of the same stack; a semicolon in a frame's name becomes a colon."""
    counts: Counter[Frames] = Counter()
    for frames, count in samples:
        if frames and count:
            counts[tuple(name.replace(";", ":") for name in frames)] += count
    return Stacks(dict(counts))


def load_stacks(path: Path) -> Stacks:
    """Read folded stacks.

    Raises
    ------
    MolenspinError
        If the file cannot be read or a line is not a stack.
    """
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise MolenspinError(f"{path}: cannot be read: {error.strerror}") from error
    return gather(_parse(line, f"{path}:{number}") for number, line in enumerate(lines, start=1))


def _parse(line: str, where: str) -> tuple[Frames, int]:
    stack, _, count = line.rpartition(" ")
    if not stack or not count.isdigit():
        raise MolenspinError(f"{where}: not a folded stack (`outer;inner count`): {line!r}")
    return tuple(stack.split(";")), int(count)


def _first(frames: Frames, word: str) -> int | None:
    return next((index for index, name in enumerate(frames) if word in name), None)
