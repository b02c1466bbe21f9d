"""Speed ratios of the simulated mills beside the published ones."""

from pathlib import Path

from molenspin.mills.ratios import completed_runs, ratio_table
from molenspin.mills.table import read_mills
from molenspin.store.reading import open_results
from molenspin.tables import write_table
from molenspin.workflow import script

with script(snakemake):
    runs = completed_runs(open_results(snakemake.params.store))
    write_table(ratio_table(read_mills(Path(snakemake.input.mills)), runs), Path(snakemake.output[0]))
