# Timed runs have the machine to themselves: all cores, and only once everything else is done.
timing_outputs = [sweep.places.timing] if sweep.config.timing.repeats else []


rule timing:
    input:
        sweep.places.summary,
        sweep.places.accuracy,
    output:
        sweep.places.timing,
    log:
        folder / "logs" / "timing.log",
    threads: all_cores
    params:
        asked=sweep.jobs.timing,
    script:
        "../scripts/timing.py"
