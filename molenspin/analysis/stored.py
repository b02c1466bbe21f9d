"""The accuracy of all cases of a store."""

from pathlib import Path

import pandas as pd

from molenspin.analysis.accuracy import accuracy_table
from molenspin.store.reading import open_results


def stored_accuracy(url: str, *, cache: Path | None = None) -> pd.DataFrame:
    """`molenspin.analysis.accuracy.accuracy_table` of every node, one batch in memory at a time.

    Parameters
    ----------
    url
        Path or URL of the store.
    cache
        Folder of reference solutions.

    Returns
    -------
    pandas.DataFrame
        As of one node, ``assembly`` being the family where there is one: as in the timings of the sweep.
    """
    tables: list[pd.DataFrame] = []
    for name, node in open_results(url, chunks={}).children.items():
        table = accuracy_table(node.to_dataset(), cache=cache)
        tables.append(table.assign(assembly=str(node.attrs["family"] or name)))
    tables.sort(key=lambda table: (table["assembly"].iloc[0], table["body_count"].iloc[0]))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
