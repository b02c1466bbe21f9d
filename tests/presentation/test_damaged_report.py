"""A report of damaged files is one line and the exit code 2, or is written without what is damaged."""

import random

import pytest
from made_results import made_accuracy, made_timing

from molenspin.analysis.accuracy_file import read_accuracy
from molenspin.commands.entry_point import main
from molenspin.errors import MolenspinError
from molenspin.output.spreadsheets import write_csv
from molenspin.profiling import Stacks, draw_flamegraph
from molenspin.report import drawings, page

FLAMEGRAPH = draw_flamegraph(Stacks({("run", "step"): 3}), title="rust")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A finished sweep; Plotly's code, which takes a second to pack, left out of its page."""
    monkeypatch.setattr(page, "plotly_code", lambda: "")
    (tmp_path / "tables").mkdir()
    (tmp_path / "profile").mkdir()
    write_csv(made_accuracy(sizes=[4]), tmp_path / "tables" / "accuracy.csv")
    made_timing(sizes=[4]).save(tmp_path / "timing.json")
    (tmp_path / "profile" / "flamegraph.svg").write_text(FLAMEGRAPH)
    return tmp_path


def report(folder, capsys):
    """Exit code and messages of `molenspin report`; never a traceback, at most a line for each problem."""
    code = main(["report", str(folder)])
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    return code, printed


def cell(row, column, value):
    def change(text):
        lines = [line.split(",") for line in text.splitlines()]
        lines[row][lines[0].index(column)] = value
        return "".join(",".join(line) + "\n" for line in lines)

    return change


def without(column):
    def change(text):
        lines = [line.split(",") for line in text.splitlines()]
        number = lines[0].index(column)
        return "".join(",".join([*line[:number], *line[number + 1 :]]) + "\n" for line in lines)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-20], "its last line is cut off"),
        (lambda _: "", "its last line is cut off"),
        (lambda _: "\n", "No columns to parse"),
        (lambda _: "a,b\n1,2\n", "no column assembly, integrator"),
        (without("angle_max"), "no column angle_max"),
        (without("reference"), "no column reference"),
        (cell(3, "dt", "fast"), "dt is 'fast' in case 3"),
        (cell(3, "dt", "-1"), "dt is '-1.0' in case 3"),
        (cell(3, "dt", ""), "dt is 'nan' in case 3"),
        (cell(2, "body_count", "inf"), "body_count is 'inf' in case 2"),
        (cell(2, "angle_max", "[1]"), "angle_max is '[1]' in case 2"),
        (cell(5, "status", "fine"), "status is 'fine' in case 5"),
        (cell(5, "integrator", "rk5"), "integrator is 'rk5' in case 5"),
    ],
)
def test_a_damaged_table_is_named_with_what_is_wrong(folder, capsys, change, message):
    path = folder / "tables" / "accuracy.csv"
    path.write_text(change(path.read_text()))
    code, printed = report(folder, capsys)
    assert code == 2
    assert printed.count("\n") == 1
    assert str(path) in printed
    assert message in printed
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize("name", ["tables/accuracy.csv", "timing.json"])
def test_random_damage_is_never_a_traceback(folder, capsys, name):
    path, rng = folder / name, random.Random(1)
    whole = path.read_bytes()
    for number in range(25):
        damaged = bytearray(whole) if number else bytearray(rng.randbytes(500))
        for _ in range(rng.choice([1, 3, 50])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        assert report(folder, capsys)[0] in (0, 2)


def test_a_table_comes_back_with_its_types(folder):
    table = read_accuracy(folder / "tables" / "accuracy.csv")
    assert table["message"].tolist() == made_accuracy(sizes=[4])["message"].tolist()
    assert table["dt"].dtype == float


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x89PNG\xff\x00", "not a drawing (SVG) but other data"),
        (b"", "not a whole drawing"),
        (b"<html><script>alert(1)</script><svg></svg></html>", "not a whole drawing"),
        (FLAMEGRAPH.encode()[:-100], "not a whole drawing"),
        (b"<!-- a -->" * 10_000, "not a whole drawing"),
    ],
)
def test_what_is_no_drawing_is_left_out_with_a_line(folder, capsys, content, reason):
    (folder / "profile" / "odd.svg").write_bytes(content)
    code, printed = report(folder, capsys)
    assert code == 0
    assert printed.startswith("molenspin: odd.svg is left out: ")
    assert reason in printed
    text = (folder / "report.html").read_text()
    assert text.count("<iframe class=") == 1
    assert "odd.svg is left out" in text


def test_a_huge_drawing_and_a_folder_are_left_out(folder, capsys, monkeypatch):
    monkeypatch.setattr(drawings, "SIZE_LIMIT", len(FLAMEGRAPH))
    (folder / "profile" / "huge.svg").write_text(FLAMEGRAPH + "\n" * 2**20)
    (folder / "profile" / "odd.svg").mkdir()
    code, printed = report(folder, capsys)
    assert code == 0
    assert "huge.svg is left out: larger than" in printed
    assert "odd.svg is left out: Is a directory" in printed


def test_a_folder_without_a_table_says_so(tmp_path, capsys):
    code, printed = report(tmp_path, capsys)
    assert code == 2
    assert "accuracy.csv is missing" in printed


def test_values_that_fit_no_report_are_a_message(folder, monkeypatch):
    def fail(*_arguments):
        raise KeyError("angle_end")

    monkeypatch.setattr("molenspin.commands.report.write_report", fail)
    assert main(["report", str(folder)]) == 2


def test_reading_a_file_that_is_not_there_is_a_message(tmp_path):
    with pytest.raises(MolenspinError, match="not a table of accuracy"):
        read_accuracy(tmp_path / "none.csv")
