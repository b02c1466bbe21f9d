# Only for sweeps of real mills.
mill_tables = []

if sweep.config.outputs.mill_table:
    mill_tables = multiext(str(folder / "tables" / "mill_ratios"), ".csv", ".md")

    rule mill_ratios:
        input:
            simulations=sweep.places.summary,
            mills=sweep.input_path(sweep.config.outputs.mill_table),
        output:
            mill_tables,
            report(
                folder / "tables" / "mill_ratios.html",
                caption="../report/mill_ratios.rst",
                category="Tables",
                labels={"table": "speed ratios of windmills"},
            ),
        log:
            folder / "logs" / "mill_ratios.log",
        params:
            asked=sweep.jobs.asked,
        script:
            "../scripts/mill_ratios.py"
