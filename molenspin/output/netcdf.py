"""Datasets that `to_netcdf` can write; NetCDF 3 (SciPy's) has no 64-bit integers and no mappings."""

from collections.abc import Mapping
from json import dumps
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

INTEGER_LIMIT = 2**31
"""Whole numbers from here on do not fit an attribute in NetCDF 3."""

HASH_ENCODING = {"dtype": "U20"}
"""In a file the digits of a 64-bit hash are text: no number of NetCDF 3 holds all of them."""

COUNT_ENCODING = {"dtype": "float64"}
"""In a file counts are floats, which hold them exactly up to 2^53."""


def writable(dataset: "xr.Dataset") -> "xr.Dataset":
    """The same dataset, its attributes now plain; in a file its hashes are text and its counts floats."""
    dataset.attrs = plain_attributes(dataset.attrs)
    # Not dataset[name]: making an array of each takes longer than a short simulation may.
    for name, variable in dataset.variables.items():
        if variable.dtype == np.uint64:
            variable.encoding.update(HASH_ENCODING)
        elif variable.dtype == np.int64 and name not in dataset.coords:
            variable.encoding.update(COUNT_ENCODING)
    return dataset


def plain_attributes(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as NetCDF takes them: texts and numbers; mappings and lists are JSON text."""
    return {str(name): _plain(value) for name, value in attributes.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401  (whatever an attribute holds)
    if isinstance(value, str | float):
        return value
    if isinstance(value, int):  # a bool, too
        return float(value) if abs(value) >= INTEGER_LIMIT else int(value)
    if isinstance(value, dict | list | tuple):
        return dumps(value)
    return "" if value is None else value
