rule accuracy_table:
    input:
        folder / "simulations.json",
    output:
        multiext(str(folder / "tables" / "accuracy"), ".csv", ".md", ".html"),
    log:
        folder / "logs" / "accuracy_table.log",
    params:
        store=project.places.store,
        references=str(folder / "references"),
    script:
        "../scripts/accuracy_table.py"


# One job for all: starting Python takes longer than any of them.
rule results:
    input:
        accuracy=folder / "tables" / "accuracy.csv",
        timing=timing_outputs,
    output:
        multiext(str(folder / "tables" / "speedup"), ".csv", ".md", ".html"),
        multiext(str(folder / "tables" / "equal_error"), ".csv", ".md", ".html"),
        multiext(str(folder / "tables" / "orders"), ".csv", ".md", ".html"),
        folder / "figures" / "speedup.svg",
        folder / "figures" / "error_over_step.svg",
        folder / "figures" / "work_precision.svg",
    log:
        folder / "logs" / "results.log",
    params:
        folder=str(folder),
    script:
        "../scripts/results.py"
