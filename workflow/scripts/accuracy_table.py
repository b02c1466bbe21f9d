"""Tabulate the accuracy of the cases that the configuration asks for."""

from pathlib import Path

from molenspin.analysis.stored import stored_accuracy
from molenspin.config import config_from_mapping
from molenspin.pipeline.project import places_of
from molenspin.pipeline.scripts import script
from molenspin.report.result_tables import write_table
from molenspin.store.selection import select
from molenspin.sweep.cases import expand

with script(snakemake):
    config = config_from_mapping(snakemake.config)
    places = places_of(config)
    table = stored_accuracy(places.store, select(config, expand(config)), cache=places.references)
    write_table(table, Path(snakemake.output[0]))
