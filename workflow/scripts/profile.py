"""Sample where the compiled core spends its time."""

from pathlib import Path

from molenspin.config import config_from_mapping
from molenspin.output.spreadsheets import write_csv
from molenspin.pipeline.scripts import script
from molenspin.pipeline.sweep_profile import profile_sweep
from molenspin.profiling import draw_flamegraph, phase_shares

with script(snakemake):
    found = profile_sweep(config_from_mapping(snakemake.config))
    Path(snakemake.output.stacks).write_text(found.stacks.to_text())
    drawing = draw_flamegraph(found.stacks, title=found.title, unit=found.unit)
    Path(snakemake.output.flamegraph).write_text(drawing)
    write_csv(phase_shares([found]), Path(snakemake.output.phases))
