"""CSV files hold text and numbers, no formulas, and reading gives back what was written."""

import csv

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from molenspin.output.spreadsheets import read_csv, write_csv

ATTACKS = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''"]
VISIBLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1)


@pytest.mark.parametrize("text", ATTACKS)
def test_a_text_that_a_spreadsheet_would_run_is_defused(text, tmp_path):
    write_csv(pd.DataFrame({text: [text, "plain"]}), tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        cells = [row[0] for row in csv.reader(file)]
    assert cells == [f"'{text}", f"'{text}", "plain"]


@given(texts=st.lists(VISIBLE | st.sampled_from(ATTACKS), min_size=1, unique=True))
def test_texts_and_names_come_back(texts, tmp_path_factory):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    table = pd.DataFrame([texts], columns=texts, dtype=object)
    write_csv(table, path)
    back = read_csv(path, dtype=str, keep_default_na=False)
    assert back.to_numpy().tolist() == [texts]
    assert list(back.columns) == texts


def test_no_text_ends_its_cell_or_hides_in_it(tmp_path):
    write_csv(pd.DataFrame({"x": ['a\r=1,"\n=2', "\x1b[31m"]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b'x\n"a\\r=1,""\n=2"\n\\x1b[31m\n'


def test_numbers_stay_numbers(tmp_path):
    table = pd.DataFrame({"x": [-1.5, float("nan")], "n": [-3, 4], "yes": [True, False]})
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "x,n,yes\n-1.5,-3,True\n,4,False\n"
    pd.testing.assert_frame_equal(read_csv(tmp_path / "t.csv"), table)


def test_a_column_of_missing_texts_can_still_be_filled_with_texts(tmp_path):
    (tmp_path / "t.csv").write_text("key,message\na,\nb,\n")
    back = read_csv(tmp_path / "t.csv", dtype={"message": str}).fillna({"message": ""})
    assert back["message"].tolist() == ["", ""]
