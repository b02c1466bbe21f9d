"""Outcomes as users see them: a variable for each, read from the two arrays that hold them packed."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core.indexing import (
    ExplicitIndexer,
    IndexingSupport,
    LazilyIndexedArray,
    explicit_indexing_adapter,
)

from molenspin.store.arrays import ORIGINS, QUANTITIES, ArraySpec
from molenspin.store.location import array_of
from molenspin.store.origins import fingerprints, machines

PACKED = ("outcome", "quantity", "origin")

Parse: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]


def unpack(dataset: xr.Dataset, node: zarr.Group, *, in_chunks: bool) -> xr.Dataset:
    """The dataset of a node with a variable for each outcome.

    Parameters
    ----------
    dataset
        As xarray opens the node.
    node
        The node.
    in_chunks
        Whether the variables are dask arrays in the store's chunks; else they are read when they are used.
    """
    outcome, origin = array_of(node, "outcome"), array_of(node, "origin")
    parsers = {"fingerprint": fingerprints, "machine": machines}
    variables = {name: _variable(origin, parsers[name], spec) for name, spec in ORIGINS.items()}
    for column, (name, spec) in enumerate(QUANTITIES.items()):
        variables[name] = _variable(outcome, partial(_quantity, column, spec), spec)
    if in_chunks:
        variables = {name: variable.chunk(outcome.chunks[0]) for name, variable in variables.items()}
    return dataset.drop_vars(PACKED).assign(variables)


def _variable(array: zarr.Array[Any], parse: Parse, spec: ArraySpec) -> xr.Variable:
    return xr.Variable(("case",), LazilyIndexedArray(_Unpacked(array, parse, spec)), dict(spec.attributes))


def _quantity(column: int, spec: ArraySpec, rows: NDArray[Any]) -> NDArray[Any]:
    values = rows[..., column]
    return np.where(np.isnan(values), spec.fill_value, values).astype(spec.dtype)


class _Unpacked(BackendArray):
    """One outcome of each case."""

    def __init__(self, array: zarr.Array[Any], parse: Parse, spec: ArraySpec) -> None:
        self._array = array
        self._parse = parse
        self.shape = array.shape[:1]
        self.dtype = np.dtype(spec.dtype)

    def __getitem__(self, key: ExplicitIndexer) -> NDArray[Any]:
        values: NDArray[Any] = explicit_indexing_adapter(key, self.shape, IndexingSupport.OUTER, self._read)
        return values

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        return self._parse(np.asarray(self._array.oindex[key]))
