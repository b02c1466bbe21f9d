"""Add up the records of all groups."""

from pathlib import Path

from molenspin.pipeline.scripts import script
from molenspin.store.records import load_record, save_summary

with script(snakemake):
    records = [load_record(Path(path)) for path in snakemake.input]
    save_summary(Path(snakemake.output[0]), records)
