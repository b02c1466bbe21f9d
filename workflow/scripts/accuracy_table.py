"""Tabulate the accuracy of every case, node by node."""

from pathlib import Path

import pandas as pd

from molenspin.analysis.accuracy import accuracy_table
from molenspin.store.reading import open_results
from molenspin.tables import write_table
from molenspin.workflow import script

with script(snakemake):
    nodes = open_results(snakemake.params.store, chunks={}).children.values()
    references = Path(snakemake.params.references)
    tables = [accuracy_table(node.to_dataset(), cache=references) for node in nodes]
    write_table(pd.concat(tables), Path(snakemake.output[0]))
