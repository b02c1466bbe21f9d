"""Speed ratios of the simulated mills beside the published ones."""

from pathlib import Path

from molenspin.config import config_from_mapping
from molenspin.mills.ratios import completed_runs, ratio_table
from molenspin.mills.table import read_mills
from molenspin.pipeline.project import places_of
from molenspin.pipeline.scripts import script
from molenspin.report.result_tables import write_table
from molenspin.store.selection import select, selected_results
from molenspin.sweep.cases import expand

with script(snakemake):
    config = config_from_mapping(snakemake.config)
    found = selected_results(places_of(config).store, select(config, expand(config)))
    runs = completed_runs({item.label: dataset for item, dataset in found})
    write_table(ratio_table(read_mills(Path(snakemake.input.mills)), runs), Path(snakemake.output[0]))
