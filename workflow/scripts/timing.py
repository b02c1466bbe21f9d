"""Time the backends on the workloads of the sweep."""

from pathlib import Path

from molenspin.config import config_from_mapping
from molenspin.pipeline.project import places_of
from molenspin.pipeline.scripts import print_line, script
from molenspin.pipeline.sweep_timing import time_sweep

with script(snakemake):
    config = config_from_mapping(snakemake.config)
    results = time_sweep(config, places_of(config).timings, progress=print_line)
    results.save(Path(snakemake.output[0]))
