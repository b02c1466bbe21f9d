"""molenspin: run a sweep, time it, and write tables, figures and a report."""

from molenspin.pipeline.sweep_run import checked_project, ending, prepare


configfile: f"{workflow.basedir}/config/config.yaml"


# Used on demand only (--software-deployment-method apptainer): jobs run in the environment that started them.
container: "docker://python:3.11-slim"


project = checked_project(config)
folder = project.places.folder

# Reports, summaries and `--unlock` are asked for without --cores.
all_cores = workflow.resource_settings.cores or 1


include: "workflow/rules/simulate.smk"
include: "workflow/rules/timing.smk"
include: "workflow/rules/profile.smk"
include: "workflow/rules/results.smk"
include: "workflow/rules/mills.smk"


onsuccess:
    print(ending(project))


rule all:
    default_target: True
    input:
        project.places.summary,
        rules.results.output if project.config.outputs.accuracy else [],
        mill_tables,
