"""Make batches count while others are computed: the disk is waited for once for many, and by nobody."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Event, Thread

from molenspin.store.writing import WrittenBatch, confirm

PAUSE_SECONDS = 0.25
"""Batches that were written within this time are flushed together."""

MOST_WAITING = 64
"""Where the disk is slower than the backend, it is waited for after so many batches: a kill loses no more."""


@contextmanager
def confirming(check: Callable[[], None]) -> Iterator[Callable[[WrittenBatch], None]]:
    """A function that makes a batch count soon; at the end of the block all do.

    Parameters
    ----------
    check
        Raises if nothing more may be written.

    Raises
    ------
    OSError, MolenspinError
        If the disk fails or the check does: from the function too, so that no more is computed in vain.
    """
    thread = _Confirmer(check)
    thread.start()
    try:
        yield thread.add
    finally:
        thread.close()
    thread.raise_failure()


class _Confirmer(Thread):
    """Confirms what is added, in passes."""

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._check = check
        self._waiting: deque[WrittenBatch] = deque()
        self._places = BoundedSemaphore(MOST_WAITING)
        self._closing = Event()
        self._failure: Exception | None = None

    def add(self, batch: WrittenBatch) -> None:
        self._places.acquire()
        self.raise_failure()
        self._waiting.append(batch)

    def close(self) -> None:
        self._closing.set()
        self.join()

    def raise_failure(self) -> None:
        if self._failure:
            raise self._failure

    def run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._closing.wait(PAUSE_SECONDS)
            batches = [self._waiting.popleft() for _ in range(len(self._waiting))]
            try:
                if batches and not self._failure:
                    self._check()
                    confirm(*batches)
            except Exception as error:  # of any disk: the threads that compute raise it
                self._failure = error
            for _ in batches:
                self._places.release()
