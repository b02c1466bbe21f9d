"""molenspin: run a sweep, time it, and write tables, figures and a report."""

from molenspin.snakefile import checked_project, ending, prepare


configfile: f"{workflow.basedir}/config/config.yaml"


# Used on demand only (--software-deployment-method apptainer): jobs run in the environment that started them.
container: "docker://python:3.11-slim"


project = checked_project(config, is_main=workflow.is_main_process)
folder = project.places.folder


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
