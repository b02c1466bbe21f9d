"""The accuracy of the cases that a configuration asks for."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from molenspin.analysis.accuracy import accuracy_table
from molenspin.store.selection import Selection, selected_results


def stored_accuracy(url: str, selections: Sequence[Selection], *, cache: Path | None = None) -> pd.DataFrame:
    """`molenspin.analysis.accuracy.accuracy_table` of each selection, one batch in memory at a time.

    Parameters
    ----------
    url
        Path or URL of the store.
    selections
        From `molenspin.store.selection.select`; whatever else the store holds is left out.
    cache
        Folder of reference solutions.

    Returns
    -------
    pandas.DataFrame
        Rows in the order of the configuration; ``assembly`` is the label of the selection, as in the timings
        of the sweep.
    """
    tables = [
        accuracy_table(dataset, cache=cache).assign(assembly=selection.label)
        for selection, dataset in selected_results(url, selections)
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
