# The profiled backend must be one of the sweep's: a sweep without the Rust core has no flamegraph of it.
is_profiled = (
    sweep.config.outputs.profile_seconds > 0
    and sweep.config.outputs.profile_backend in sweep.jobs.fingerprints
)
profile_outputs = [folder / "profile" / "flamegraph.svg"] if is_profiled else []


rule profile:
    input:
        # After the timing, which wants the machine to itself.
        timing_outputs,
        sweep.places.summary,
    output:
        flamegraph=report(
            folder / "profile" / "flamegraph.svg",
            caption="../report/flamegraph.rst",
            category="Figures",
            labels={"figure": "flamegraph"},
        ),
        stacks=folder / "profile" / "stacks.folded",
        phases=folder / "profile" / "phases.csv",
    log:
        folder / "logs" / "profile.log",
    threads: all_cores
    params:
        code=sweep.jobs.fingerprints.get(sweep.config.outputs.profile_backend),
        what=[
            sweep.config.outputs.profile_family,
            sweep.config.outputs.profile_size,
        ],
    script:
        "../scripts/profile.py"
