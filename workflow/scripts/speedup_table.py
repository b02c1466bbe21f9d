"""Tabulate medians and speedups."""

from pathlib import Path

from molenspin.tables import write_table
from molenspin.timing import load_timing, timing_table
from molenspin.workflow import script

with script(snakemake):
    write_table(timing_table(load_timing(Path(snakemake.input[0]))), Path(snakemake.output[0]))
