"""What a run is expected to cost: nominal rates to balance jobs, measured rates to tell people."""

NOMINAL_SECONDS_PER_EVALUATION = {"numpy": 4e-5}
"""Seconds of one force evaluation of a small assembly, where it is dominated by calls."""

NOMINAL_SECONDS_PER_BODY = 1e-8
"""Seconds of one force evaluation for each body, in compiled code."""


def nominal_seconds(backend: str, evaluations: float, body_count: int) -> float:
    """Rough run time on any machine: fixed numbers, so that a plan is the same everywhere."""
    per_evaluation = NOMINAL_SECONDS_PER_EVALUATION.get(backend, 1e-7)
    return evaluations * (per_evaluation + NOMINAL_SECONDS_PER_BODY * body_count)
