"""Timing of backends: interleaved rounds, raw samples, intervals, and physics checked beside every number."""

from molenspin.timing.comparison import compare_timing, comparison_table
from molenspin.timing.environment import Environment, read_environment
from molenspin.timing.measure import measure
from molenspin.timing.merging import merge_timing
from molenspin.timing.records import TimingCase, TimingRecord, TimingResults, Verdict, load_timing
from molenspin.timing.rounds import Schedule
from molenspin.timing.table import format_table, timing_table
from molenspin.timing.threads import pinned_threads

__all__ = [
    "Environment",
    "Schedule",
    "TimingCase",
    "TimingRecord",
    "TimingResults",
    "Verdict",
    "compare_timing",
    "comparison_table",
    "format_table",
    "load_timing",
    "measure",
    "merge_timing",
    "pinned_threads",
    "read_environment",
    "timing_table",
]
