"""Run the batches of one group."""

from molenspin.config import config_from_mapping
from molenspin.executor import run_group
from molenspin.project import planned_job
from molenspin.workflow import ProgressLine, script

if __name__ == "__main__":
    with script(snakemake):
        job = planned_job(config_from_mapping(snakemake.config), snakemake.params.group)
        show = ProgressLine(job.name)
        show.finish(run_group(job, show=show))
