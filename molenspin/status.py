"""How a case ended: the closed set of statuses that backends return and stores keep."""

from enum import IntEnum


class CaseStatus(IntEnum):
    """Status of one case (one member of one run). The numbers are stored: never renumber them."""

    PENDING = 0
    OK = 1
    DIVERGED = 2
    NOT_CONVERGED = 3
    INTERRUPTED = 4
    FAILED = 5

    @property
    def label(self) -> str:
        """The status as people read it: ``not converged``."""
        return self.name.lower().replace("_", " ")
