"""Which batches of a job are under way, on disk: what stands there at the start the last job died of."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Journal:
    """Lines ``+ batch`` and ``- batch``: begun, and ended.

    Parameters
    ----------
    suspects
        Batches that were under way when an earlier job died.
    descriptor
        The open file.
    """

    suspects: frozenset[str]
    descriptor: int

    @contextmanager
    def under_way(self, batch: str) -> Iterator[None]:
        """Around the run of a batch; an error is an end too, only death is not."""
        self._note(f"+ {batch}")
        try:
            yield
        finally:
            self._note(f"- {batch}")

    def _note(self, line: str) -> None:
        # In one write, so that threads and kills leave whole lines.
        os.write(self.descriptor, f"{line}\n".encode())


@contextmanager
def journal(path: Path) -> Iterator[Journal]:
    """The journal of a job, deleted when the job comes to its end.

    Parameters
    ----------
    path
        Its file, which an earlier job may have left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    suspects = _left_under_way(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        yield Journal(suspects, descriptor)
        path.unlink()
    finally:
        os.close(descriptor)


def _left_under_way(path: Path) -> frozenset[str]:
    left: set[str] = set()
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            sign, _, batch = line.partition(" ")
            (left.add if sign == "+" else left.discard)(batch)
    return frozenset(left)
