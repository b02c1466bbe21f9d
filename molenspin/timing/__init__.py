"""Timing of backends: interleaved rounds, raw samples, intervals, and physics checked beside every number."""

from molenspin.timing.circumstances import changed_circumstances
from molenspin.timing.comparison import compare_timing, comparison_table
from molenspin.timing.dataset import samples_dataset
from molenspin.timing.environment import Environment
from molenspin.timing.merging import merge_timing
from molenspin.timing.records import TimingCase, TimingRecord, TimingResults, Verdict, load_timing
from molenspin.timing.rounds import Schedule
from molenspin.timing.session import time_backends
from molenspin.timing.table import format_table, timing_table

__all__ = [
    "Environment",
    "Schedule",
    "TimingCase",
    "TimingRecord",
    "TimingResults",
    "Verdict",
    "changed_circumstances",
    "compare_timing",
    "comparison_table",
    "format_table",
    "load_timing",
    "merge_timing",
    "samples_dataset",
    "time_backends",
    "timing_table",
]
