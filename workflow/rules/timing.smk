# Timed runs have the machine to themselves: all cores, and only once everything else is done.
timing_outputs = [project.places.timing] if project.config.timing.repeats else []


rule timing:
    input:
        project.places.summary,
        project.places.accuracy,
    output:
        project.places.timing,
    log:
        folder / "logs" / "timing.log",
    threads: all_cores
    params:
        asked=project.timing_key,
    script:
        "../scripts/timing.py"
