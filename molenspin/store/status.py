"""How the cases of a store ended."""

from dataclasses import dataclass

import numpy as np

from molenspin.status import CaseStatus
from molenspin.store.reading import nodes_of, read_column


@dataclass(frozen=True)
class FailedCase:
    """A case whose result is a failure.

    Parameters
    ----------
    node, slot
        Where it stands in the store.
    status
        How it ended.
    message
        Why.
    """

    node: str
    slot: int
    status: str
    message: str


def status_table(url: str) -> dict[str, dict[str, int]]:
    """Number of cases by how they ended, for each node."""
    table = {}
    for name, node in nodes_of(url):
        # By number: where an extension was stopped, the columns are of different lengths.
        status = read_column(node, "status")[np.flatnonzero(read_column(node, "identity"))]
        table[name] = {
            kind.label: int(count) for kind in CaseStatus if (count := np.count_nonzero(status == kind))
        }
    return table


def failed_cases(url: str) -> list[FailedCase]:
    """All cases whose result is a failure."""
    kinds = [CaseStatus.DIVERGED, CaseStatus.NOT_CONVERGED, CaseStatus.FAILED]
    cases = []
    for name, node in nodes_of(url):
        status = read_column(node, "status")
        slots = np.flatnonzero(np.isin(status, kinds))
        messages = read_column(node, "message") if len(slots) else slots
        cases += [
            FailedCase(name, slot, CaseStatus(int(status[slot])).label, str(messages[slot]))
            for slot in slots.tolist()
        ]
    return cases
