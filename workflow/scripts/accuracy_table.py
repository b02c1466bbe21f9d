"""Tabulate the accuracy of the cases that the configuration asks for."""

from molenspin.config import config_from_mapping
from molenspin.pipeline.scripts import script
from molenspin.pipeline.sweep_results import tabulate_accuracy

with script(snakemake):
    tabulate_accuracy(config_from_mapping(snakemake.config))
