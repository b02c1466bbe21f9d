# Only for sweeps of real mills.
mill_tables = []

if project.config.outputs.mill_table:
    mill_tables = multiext(str(folder / "tables" / "mill_ratios"), ".csv", ".md")

    rule mill_ratios:
        input:
            simulations=project.places.summary,
            mills=project.config.outputs.mill_table,
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
            asked=project.plan.asked,
        script:
            "../scripts/mill_ratios.py"
