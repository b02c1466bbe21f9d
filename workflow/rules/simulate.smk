# Snakemake does not run this in a module: there the first job does it.
onstart:
    prepare(sweep)


rule simulate:
    output:
        record=folder / "groups" / "{group}.json",
    log:
        folder / "logs" / "{group}.log",
    # Killed for its memory, a job tries again what was under way in a process of its own, and fails only that.
    retries: 1
    threads: lambda wildcards: sweep.threads(wildcards.group)
    resources:
        gpu=lambda wildcards: sweep.gpu_count(wildcards.group),
    params:
        group=lambda wildcards: sweep.jobs.group(wildcards.group),
    script:
        "../scripts/simulate.py"


rule simulations:
    input:
        sweep.records,
    output:
        sweep.places.summary,
    log:
        folder / "logs" / "simulations.log",
    script:
        "../scripts/simulations.py"
