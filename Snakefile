"""molenspin: run a sweep, time it, and write tables, figures and a report."""

import sys
from importlib.machinery import PathFinder
from pathlib import Path

# Snakemake puts this folder first on the path of modules. In a clone whose package has no compiled core that
# would hide the package that is installed.
clone = Path(str(workflow.current_basedir)).resolve()
elsewhere = [entry for entry in sys.path if Path(entry).resolve() != clone]
if not any(clone.glob("molenspin/_core*.so")) and PathFinder.find_spec(
    "molenspin", elsewhere
):
    sys.path[:] = elsewhere

from molenspin.pipeline.sweep_run import ending, open_sweep, prepare


# Used on demand only (--software-deployment-method apptainer): jobs run in the environment that started them.
container: "docker://python:3.11-slim"


sweep = open_sweep(workflow, config)
# Every job gets the configuration as it was validated here.
config = sweep.config.model_dump(mode="json")
folder = sweep.places.folder

# Reports, summaries and `--unlock` are asked for without --cores.
all_cores = workflow.resource_settings.cores or 1


include: "workflow/rules/simulate.smk"
include: "workflow/rules/timing.smk"
include: "workflow/rules/profile.smk"
include: "workflow/rules/results.smk"
include: "workflow/rules/mills.smk"


onsuccess:
    print(ending(sweep))


rule all:
    default_target: True
    input:
        # Also what the last rules read: Snakemake does not miss it otherwise.
        sweep.records,
        sweep.places.summary,
        tables,
        mill_tables,
