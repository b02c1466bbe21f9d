rule accuracy_table:
    input:
        sweep.places.summary,
    output:
        multiext(str(folder / "tables" / "accuracy"), ".csv", ".md"),
        report(
            folder / "tables" / "accuracy.html",
            caption="../report/accuracy.rst",
            category="Tables",
            labels={"table": "accuracy of every case"},
        ),
    log:
        folder / "logs" / "accuracy_table.log",
    params:
        asked=sweep.jobs.asked,
    script:
        "../scripts/accuracy_table.py"


# One job for all: starting Python takes longer than any of them.
rule results:
    input:
        sweep.places.accuracy,
        timing_outputs,
        profile_outputs,
    output:
        multiext(str(folder / "tables" / "speedup"), ".csv", ".md"),
        multiext(str(folder / "tables" / "equal_error"), ".csv", ".md"),
        multiext(str(folder / "tables" / "orders"), ".csv", ".md"),
        report(
            folder / "report.html",
            caption="../report/report.rst",
            category="Summary",
            labels={"page": "the whole sweep"},
        ),
        report(
            folder / "tables" / "speedup.html",
            caption="../report/speedup.rst",
            category="Tables",
            labels={"table": "speedup at equal step"},
        ),
        report(
            folder / "tables" / "equal_error.html",
            caption="../report/equal_error.rst",
            category="Tables",
            labels={"table": "speedup at equal error"},
        ),
        report(
            folder / "tables" / "orders.html",
            caption="../report/orders.rst",
            category="Tables",
            labels={"table": "observed orders"},
        ),
        report(
            folder / "figures" / "speedup.svg",
            caption="../report/speedup.rst",
            category="Figures",
            labels={"figure": "speedup by size"},
        ),
        report(
            folder / "figures" / "error_over_step.svg",
            caption="../report/error_over_step.rst",
            category="Figures",
            labels={"figure": "error over step size"},
        ),
        report(
            folder / "figures" / "work_precision.svg",
            caption="../report/work_precision.rst",
            category="Figures",
            labels={"figure": "run time over error"},
        ),
    log:
        folder / "logs" / "results.log",
    script:
        "../scripts/results.py"
