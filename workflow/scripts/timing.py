"""Time the backends on the workloads of the sweep."""

from pathlib import Path

from molenspin.config import config_from_mapping
from molenspin.sweep_timing import time_sweep
from molenspin.workflow import print_line, script

with script(snakemake):
    results = time_sweep(config_from_mapping(snakemake.config), progress=print_line)
    results.save(Path(snakemake.output[0]))
