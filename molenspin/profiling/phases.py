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
    known = sum(seconds.values()) > 0
    shares = {name: seconds[name] / profile.elapsed if known else None for name in PHASES}
    other = 1 - sum(seconds.values()) / profile.elapsed if known else None
    return {
        "backend": profile.label,
        "body_count": profile.body_count,
        "elapsed": profile.elapsed,
        **shares,
        "other": other,
    }
