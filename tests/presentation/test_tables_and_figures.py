"""Tables and figures: what they say, escaped where names come from strangers."""

from xml.etree import ElementTree

import pandas as pd
import pytest
from made_results import made_accuracy, made_timing

from molenspin.analysis.results import SweepResults, load_results
from molenspin.report.figures import convergence_figure, result_figures, save_figure
from molenspin.report.result_tables import result_tables, write_table


@pytest.fixture(scope="module")
def results():
    return SweepResults(made_accuracy(sizes=[4]), made_timing(sizes=[4]))


def test_equal_step_speedup_has_an_interval_around_the_true_ratio(results):
    rust = results.speedup.query("backend == 'rust'")
    assert (rust["speedup_low"] < 255).all()
    assert (rust["speedup_high"] > 245).all()


def test_equal_error_speedup_weighs_integrators(results):
    table = results.equal_error([1e-4, 1e-8, 1e-15])
    rust = table.query("backend == 'rust' and body_count == 4").set_index("error")
    assert rust.loc[1e-4, "integrator"] == "verlet"
    assert rust.loc[1e-8, "integrator"] == "rk4"
    assert rust.loc[1e-4, "speedup_low"] < 250 < rust.loc[1e-4, "speedup_high"]
    assert "not extrapolated" in rust.loc[1e-15, "note"]


def test_backends_that_cannot_be_told_apart_are_named_so():
    timing = made_timing(sizes=[4], backends=("numpy", "torch"))
    notes = SweepResults(made_accuracy(), timing).speedup.query("backend == 'torch'")["note"]
    assert notes.str.contains("not distinguishable").any()


def test_orders_and_failures(results):
    orders = result_tables(results)["orders"].query("bodies == 4").set_index("integrator")
    assert orders.loc["rk4", "observed order"].startswith("4.00")
    assert list(results.failed["status"]) == ["diverged"]


def test_tables_escape_what_strangers_wrote(results, tmp_path):
    write_table(results.failed[["status", "message"]], tmp_path / "failed")
    page = (tmp_path / "failed.html").read_text()
    assert "&lt;b&gt;spur0" in page
    assert "<b>" not in page


def test_a_cell_of_markdown_is_neither_ended_nor_markup(tmp_path):
    texts = ["a|b", "a\\|b", "a\nb", "![x](http://y)", "<b>", "`|`", "\x1b[31m"]
    write_table(pd.DataFrame({"x|y": texts}), tmp_path / "t")
    header, _, *rows = (tmp_path / "t.md").read_text().splitlines()
    assert header == "| x\\|y |"
    assert rows == [
        "| a\\|b |",
        "| a\\\\\\|b |",
        "| a b |",
        "| !\\[x\\](http://y) |",
        "| &lt;b&gt; |",
        "| \\`\\|\\` |",
        "| \\\\x1b\\[31m |",
    ]


def test_a_table_without_rows_says_so(tmp_path):
    write_table(SweepResults(made_accuracy()).speedup, tmp_path / "speedup")
    for ending in ("md", "html"):
        assert "nothing of this kind was measured" in (tmp_path / f"speedup.{ending}").read_text()


def test_figures_are_svg_and_the_same_every_time(results, tmp_path):
    for name, figure in result_figures(results).items():
        save_figure(figure, tmp_path / f"{name}.svg")
    drawn = (tmp_path / "error_over_step.svg").read_text()
    ElementTree.fromstring(drawn)
    assert "rk4: order 4.00" in drawn
    save_figure(convergence_figure(results.convergence), tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text() == drawn


def test_a_name_is_no_formula_and_does_not_end_the_drawing(tmp_path):
    hostile = made_accuracy(sizes=[4]).assign(assembly="$\\no{formula$ <b> \x1b")
    save_figure(result_figures(SweepResults(hostile))["error_over_step"], tmp_path / "x.svg")
    texts = {item.text for item in ElementTree.parse(tmp_path / "x.svg").iter() if item.text}
    assert any(text.startswith("$\\no{formula$ <b> \\x1b") for text in texts)


def test_results_come_back_from_their_files(results, tmp_path):
    results.accuracy.to_csv(tmp_path / "accuracy.csv", index=False)
    results.timing.save(tmp_path / "timing.json")
    loaded = load_results(tmp_path / "accuracy.csv", tmp_path / "timing.json")
    assert loaded.errors == pytest.approx(results.errors)
    assert len(loaded.failed) == 1


def test_a_sweep_without_timings_has_its_accuracy():
    tables = result_tables(SweepResults(made_accuracy()))
    assert tables["speedup"].empty
    assert len(tables["orders"]) == 6
    assert result_figures(SweepResults(made_accuracy()))["speedup"].axes
