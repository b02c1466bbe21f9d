"""Run the batches of one group."""

from pathlib import Path

from molenspin.config import config_from_mapping
from molenspin.jobs.executor import run_group
from molenspin.pipeline.group_room import ensure_room
from molenspin.pipeline.project import planned_job
from molenspin.pipeline.scripts import ProgressLine, script

if __name__ == "__main__":
    with script(snakemake):
        config = config_from_mapping(snakemake.config)
        ensure_room(config, snakemake.params.group)
        job = planned_job(config, snakemake.params.group, Path(snakemake.output.record))
        show = ProgressLine(job.name)
        show.finish(run_group(job, show=show))
