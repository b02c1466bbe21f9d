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
