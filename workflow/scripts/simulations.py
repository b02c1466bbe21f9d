"""Add up the records of all groups."""

from pathlib import Path

from molenspin.store.records import load_record, save_summary
from molenspin.workflow import script

with script(snakemake):
    records = [load_record(Path(path)) for path in snakemake.input]
    save_summary(Path(snakemake.output[0]), records)
