# Only for sweeps of real mills.
mill_tables = []

if project.config.outputs.mill_table:
    mill_tables = multiext(
        str(folder / "tables" / "mill_ratios"), ".csv", ".md", ".html"
    )

    rule mill_ratios:
        input:
            simulations=folder / "simulations.json",
            mills=project.config.outputs.mill_table,
        output:
            mill_tables,
        log:
            folder / "logs" / "mill_ratios.log",
        params:
            store=project.places.store,
        script:
            "../scripts/mill_ratios.py"
