"""Write the tables, the figures and the report of a sweep."""

from pathlib import Path

from molenspin.config import config_from_mapping
from molenspin.pipeline.scripts import print_line, script
from molenspin.pipeline.sweep_results import restore_results
from molenspin.report.figures import result_figures, save_figure
from molenspin.report.folder import report_of_folder
from molenspin.report.page import write_report
from molenspin.report.result_tables import result_tables, write_table
from molenspin.store.places import Places

with script(snakemake):
    restore_results(config_from_mapping(snakemake.config), progress=print_line)
    places = Places.in_folder(Path(snakemake.output[0]).parents[1])
    report = report_of_folder(places.folder, config=snakemake.config)
    for name, table in result_tables(report.results).items():
        write_table(table, places.tables / name)
    for name, figure in result_figures(report.results).items():
        save_figure(figure, places.figures / f"{name}.svg")
    write_report(report, places.report)
