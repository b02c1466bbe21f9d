"""What a run is expected to cost: nominal rates to balance jobs, measured rates to tell people."""

NOMINAL_SECONDS_PER_CALL = {"numpy": 4e-5}
"""Seconds of one force evaluation of a small assembly, where it is dominated by calls, for each case."""

NOMINAL_SECONDS_PER_STAGE = 2e-7
"""Seconds of one force evaluation in compiled code, once for all cases of a batch."""

NOMINAL_SECONDS_PER_BODY = 8e-9
"""Seconds of one force evaluation for each body of each case."""


def nominal_seconds(backend: str, evaluations: float, body_count: int, case_count: int) -> float:
    """Rough run time of a batch on any machine: fixed numbers, so that a plan is the same everywhere.

    Parameters
    ----------
    backend
        Its backend.
    evaluations
        Force evaluations of one case.
    body_count, case_count
        Bodies of a case, and cases.
    """
    calls = NOMINAL_SECONDS_PER_CALL[backend] * case_count if backend in NOMINAL_SECONDS_PER_CALL else 0.0
    bodies = NOMINAL_SECONDS_PER_BODY * body_count * case_count
    return evaluations * (NOMINAL_SECONDS_PER_STAGE + calls + bodies)
