"""Speed ratios of the simulated mills beside the published ones."""

from pathlib import Path

from molenspin.mills.ratios import completed_runs, ratio_table
from molenspin.mills.table import read_mills
from molenspin.store.reading import open_results
from molenspin.workflow import script

with script(snakemake):
    runs = completed_runs(open_results(snakemake.params.store))
    ratio_table(read_mills(Path(snakemake.input.mills)), runs).to_csv(snakemake.output[0], index=False)
