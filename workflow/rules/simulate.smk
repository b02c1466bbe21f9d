onstart:
    prepare(project)


rule simulate:
    output:
        record=folder / "groups" / "{group}.json",
    log:
        folder / "logs" / "{group}.log",
    # Killed for its memory, a job tries again what was under way in a process of its own, and fails only that.
    retries: 1
    threads: lambda wildcards: project.threads(wildcards.group)
    resources:
        gpu=lambda wildcards: project.gpu_count(wildcards.group),
    params:
        group=lambda wildcards: project.group(wildcards.group).as_parameters(),
    script:
        "../scripts/simulate.py"


rule simulations:
    input:
        list(project.records.values()),
    output:
        project.places.summary,
    log:
        folder / "logs" / "simulations.log",
    script:
        "../scripts/simulations.py"
