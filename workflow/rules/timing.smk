# Timed runs have the machine to themselves: all cores, and only once everything else is done.
timed_outputs = (
    [folder / "tables" / "speedup.csv"] if project.config.timing.repeats else []
)


rule timing:
    input:
        folder / "simulations.json",
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


rule speedup_table:
    input:
        folder / "timing.json",
    output:
        multiext(str(folder / "tables" / "speedup"), ".csv", ".md", ".html"),
    log:
        folder / "logs" / "speedup_table.log",
    script:
        "../scripts/speedup_table.py"
