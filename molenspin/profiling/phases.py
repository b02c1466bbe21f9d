"""Shares of the four phases of a simulation, as a table."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from molenspin.profiling.profile import Profile

PHASES = ("stage_evaluation", "constraint_assembly", "newton", "history")


def phase_shares(profiles: Sequence[Profile]) -> pd.DataFrame:
    """Return the share of each phase in the time of each profile, and of what is none of them.

    Returns
    -------
    pandas.DataFrame
        Columns ``backend``, ``body_count``, ``elapsed`` [s], the four phases and ``other`` (shares of 1);
        shares are missing for a backend that cannot tell its phases apart.
    """
    return pd.DataFrame([_row(profile) for profile in profiles])


def _row(profile: Profile) -> dict[str, object]:
    seconds = asdict(profile.phases)
    booked = sum(seconds.values())
    # Phases are sampled, so that their sum may pass the elapsed time by a little.
    whole = max(booked, profile.elapsed)
    shares = {name: seconds[name] / whole if booked else None for name in PHASES}
    return {
        "backend": profile.label,
        "body_count": profile.body_count,
        "elapsed": profile.elapsed,
        **shares,
        "other": 1 - booked / whole if booked else None,
    }
