"""Shares of the four phases of a simulation, as a table."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from molenspin.profiling.profile import Profile

PHASES = ("stage_evaluation", "constraint_assembly", "newton", "history")


def phase_shares(profiles: Sequence[Profile]) -> pd.DataFrame:
    """Return the share of each phase in the time that a backend booked to phases.

    Returns
    -------
    pandas.DataFrame
        Columns ``backend``, ``body_count``, ``elapsed`` [s] of one run, and the four phases as shares of 1;
        shares are missing for a backend that cannot tell its phases apart.
    """
    return pd.DataFrame([_row(profile) for profile in profiles])


def _row(profile: Profile) -> dict[str, object]:
    seconds = asdict(profile.phases)
    # Of the booked time, not of the elapsed one: phases are sampled, and interruptions of the process by
    # others, rare and long, fall between the samples.
    booked = sum(seconds.values())
    return {
        "backend": profile.label,
        "body_count": profile.body_count,
        "elapsed": profile.elapsed,
        **{name: seconds[name] / booked if booked else None for name in PHASES},
    }
