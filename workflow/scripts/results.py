"""Write the tables and figures of a sweep."""

from pathlib import Path

from molenspin.analysis.results import load_results
from molenspin.figures import result_figures, save_figure
from molenspin.tables import result_tables, write_table
from molenspin.workflow import script

with script(snakemake):
    timing = Path(snakemake.input.timing[0]) if snakemake.input.timing else None
    results = load_results(Path(snakemake.input.accuracy), timing)
    folder = Path(snakemake.params.folder)
    for name, table in result_tables(results).items():
        write_table(table, folder / "tables" / name)
    for name, figure in result_figures(results).items():
        save_figure(figure, folder / "figures" / f"{name}.svg")
