# Timed runs have the machine to themselves: all cores, and only once everything else is done.
timing_outputs = [folder / "timing.json"] if project.config.timing.repeats else []


rule timing:
    input:
        project.places.summary,
        folder / "tables" / "accuracy.csv",
    output:
        folder / "timing.json",
    log:
        folder / "logs" / "timing.log",
    threads: workflow.cores
    params:
        timing=config.get("timing", {}),
        cases=project.plan.digest,
    script:
        "../scripts/timing.py"
