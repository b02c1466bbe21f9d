"""Profiles taken inside the process, without privileges: stacks, flamegraphs, shares of the four phases."""

from molenspin.profiling.flamegraph import draw_difference, draw_flamegraph
from molenspin.profiling.phases import phase_shares
from molenspin.profiling.profile import Profile, profile
from molenspin.profiling.stacks import Stacks, load_stacks

__all__ = [
    "Profile",
    "Stacks",
    "draw_difference",
    "draw_flamegraph",
    "load_stacks",
    "phase_shares",
    "profile",
]
