"""Tabulate the accuracy of every case, node by node."""

from pathlib import Path

from molenspin.analysis.stored import stored_accuracy
from molenspin.tables import write_table
from molenspin.workflow import script

with script(snakemake):
    references = Path(snakemake.params.references)
    write_table(stored_accuracy(snakemake.params.store, cache=references), Path(snakemake.output[0]))
