"""The dataset of a node: read when it is used and checked then, so that a lost value is never a number."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core.indexing import (
    ExplicitIndexer,
    IndexingSupport,
    LazilyIndexedArray,
    explicit_indexing_adapter,
)

from molenspin.store.arrays import (
    COLUMNS,
    ORIGINS,
    OUTCOMES,
    QUANTITIES,
    TIME_ATTRIBUTES,
    VARIABLE_ATTRIBUTES,
    ArraySpec,
)
from molenspin.store.description import coordinate_arrays
from molenspin.store.location import naming_damage
from molenspin.store.nodes import arrays_of
from molenspin.store.origins import fingerprints, machines
from molenspin.store.slots import check_labels, read_coordinate, refuse_lost_rows

Parse: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]

PACKED = ("outcome", "origin")
"""Arrays that hold several variables each."""

INTERNAL = {"coordinates", "variables"}
"""Attributes that say how a node is stored; SciPy's NetCDF writer cannot take one called ``variables``."""


def open_node(node: zarr.Group, *, chunks: Any = None) -> xr.Dataset:  # noqa: ANN401
    """The dataset of a node, without unused slots and with a variable for each outcome.

    Parameters
    ----------
    node
        The node.
    chunks
        As for `xarray.open_dataset`: ``{}`` for dask arrays in the store's chunks.

    Raises
    ------
    MolenspinError
        If what labels the cases is damaged; and later, if damaged values are used.
    """
    place = str(node.store_path)
    with naming_damage(place):
        dataset = xr.open_dataset(place, engine=_NodeEngine, node=node, chunks=chunks)
        return dataset.isel(case=np.flatnonzero(dataset["identity"]))


class _NodeEngine(BackendEntrypoint):
    """Lets xarray open a node as it opens a file: lazily and in chunks."""

    def open_dataset(  # type: ignore[override]
        self,
        filename_or_obj: str,  # noqa: ARG002  (names the dask arrays)
        *,
        drop_variables: Any = None,  # noqa: ANN401, ARG002
        node: zarr.Group,
    ) -> xr.Dataset:
        variables = dict(_case_variables(node))
        columns = {*COLUMNS, *node.attrs["parameters"]}  # type: ignore[misc]
        coordinates = dict(_coordinates(node)) | {name: variables.pop(name) for name in columns}
        described = node.attrs.asdict()
        attributes = {name: value for name, value in described.items() if name not in INTERNAL}
        return xr.Dataset(variables, coordinates, attributes)


def _coordinates(node: zarr.Group) -> Iterator[tuple[str, xr.Variable]]:
    for name in coordinate_arrays(node.attrs.asdict()):
        if name == "quantity":
            continue  # a variable for each
        values = read_coordinate(node, name)
        attributes = dict(TIME_ATTRIBUTES) if name == "time" else {}
        yield name, xr.Variable((name,), values, attributes)


def _case_variables(node: zarr.Group) -> Iterator[tuple[str, xr.Variable]]:
    arrays = arrays_of(node)
    check_labels(node, arrays)
    for name, array in arrays.items():
        if name in PACKED:
            continue
        across = {3: ("constraint" if name == "reaction" else "body", "time")}.get(array.ndim, ())
        spec = {**COLUMNS, **OUTCOMES}.get(
            name, ArraySpec(array.dtype, None, VARIABLE_ATTRIBUTES.get(name, {}))
        )
        yield name, _variable(_CaseArray(node, name, array), across, spec)
    outcome, origin = arrays["outcome"], arrays["origin"]
    for column, (name, spec) in enumerate(QUANTITIES.items()):
        parse = partial(_quantity, column, spec)
        yield name, _variable(_CaseArray(node, "outcome", outcome, parse, spec.dtype), (), spec)
    parsers: dict[str, Parse] = {"fingerprint": fingerprints, "machine": machines}
    for name, spec in ORIGINS.items():
        yield name, _variable(_CaseArray(node, "origin", origin, parsers[name], spec.dtype), (), spec)


def _variable(array: "_CaseArray", across: tuple[str, ...], spec: ArraySpec) -> xr.Variable:
    dimensions = ("case", *across)
    chunks = dict(zip(dimensions, array.chunks, strict=False))
    data = LazilyIndexedArray(array)
    return xr.Variable(dimensions, data, dict(spec.attributes), {"preferred_chunks": chunks})


def _quantity(column: int, spec: ArraySpec, rows: NDArray[Any]) -> NDArray[Any]:
    values = rows[..., column]
    return np.where(np.isnan(values), spec.fill_value, values).astype(spec.dtype)


class _CaseArray(BackendArray):
    """Values of each case; where one is missing that must be there, reading raises.

    Parameters
    ----------
    node, name, array
        The array and its node.
    parse, dtype
        What to make of the values of a case, where the array holds them packed.
    """

    def __init__(
        self,
        node: zarr.Group,
        name: str,
        array: zarr.Array[Any],
        parse: Parse | None = None,
        dtype: Any = None,  # noqa: ANN401
    ) -> None:
        self._node = node
        self._name = name
        self._array = array
        self._parse = parse
        self.chunks = array.chunks
        self.shape = array.shape[:1] if parse else array.shape
        self.dtype = np.dtype(dtype) if parse else array.dtype

    def __getitem__(self, key: ExplicitIndexer) -> NDArray[Any]:
        values: NDArray[Any] = explicit_indexing_adapter(key, self.shape, IndexingSupport.OUTER, self._read)
        return values

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        with naming_damage(f"{self._node.store_path}/{self._name}"):
            values = np.asarray(self._array.oindex[key])
            slots = np.atleast_1d(np.arange(self.shape[0])[key[0]])
            rows = values.reshape(len(slots), -1) if values.size else values
            refuse_lost_rows(self._node, self._name, rows, slots)
            return self._parse(values) if self._parse else values
