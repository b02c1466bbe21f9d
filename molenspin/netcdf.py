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
    """The dataset with plain attributes; in a file its hashes are text and its counts floats."""
    result = dataset.assign_attrs(plain_attributes(dataset.attrs))
    for name, variable in result.variables.items():
        if variable.dtype == np.uint64:
            result[name].encoding.update(HASH_ENCODING)
        elif variable.dtype == np.int64 and name in result.data_vars:
            result[name].encoding.update(COUNT_ENCODING)
    return result


def plain_attributes(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as NetCDF takes them: texts and numbers; mappings and lists are JSON text."""
    return {str(name): _plain(value) for name, value in attributes.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401  (whatever an attribute holds)
    if value is None:
        return ""
    if isinstance(value, Mapping | list | tuple):
        return dumps(value)
    if isinstance(value, int) and abs(value) >= INTEGER_LIMIT:
        return float(value)
    return int(value) if isinstance(value, bool) else value
