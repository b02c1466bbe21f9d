"""Tabulate the accuracy of the cases that the configuration asks for."""

from molenspin.config import config_from_mapping
from molenspin.sweep_results import tabulate_accuracy
from molenspin.workflow import script

with script(snakemake):
    tabulate_accuracy(config_from_mapping(snakemake.config))
