"""Break-even sizes in words."""

import pytest
from made_results import made_accuracy, made_timing

from molenspin.analysis.break_even import break_even, break_even_table
from molenspin.analysis.results import SweepResults


@pytest.mark.parametrize(
    ("speedups", "words"),
    [
        ({4: 0.5, 16: 2.0}, "from about 8 bodies on"),
        ({4: 5.0, 48: 9.0}, "at every size timed, from 4 bodies on"),
        ({4: 0.1, 48: 0.9}, "at no size timed, up to 48 bodies"),
        ({4: 2.0, 48: 0.9}, "at the smaller sizes only"),
    ],
)
def test_words(speedups, words):
    assert break_even(speedups) == words


def test_table_has_a_row_per_backend_and_integrator():
    table = break_even_table(SweepResults(made_accuracy(), made_timing()).speedup)
    assert list(table["backend"]) == ["rust"] * 3
    assert set(table["faster than numpy"]) == {"at every size timed, from 4 bodies on"}
