"""Make room in the store for a plan: create nodes, add slots, say in each slot what is asked of it."""

from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.codec import BytesBytesCodec

from molenspin.assembly.yaml_format import assembly_to_dict
from molenspin.config.models import Storage
from molenspin.output.publication import publishable
from molenspin.provenance import versions
from molenspin.store.arrays import (
    COLUMN_CHUNK,
    OUTCOMES,
    QUANTITIES,
    TEXT,
    TIME_ATTRIBUTES,
    VARIABLE_ATTRIBUTES,
    ArraySpec,
    compressors,
    create_columns,
    data_chunks,
    small_compressors,
)
from molenspin.store.description import (
    FORMAT,
    array_names,
    group_attributes,
    read_bytes,
    with_checksum,
)
from molenspin.store.location import (
    KIND,
    array_of,
    group_at,
    open_location,
    open_root,
    store_exists,
)
from molenspin.store.nodes import make_place, nodes_in
from molenspin.store.restoration import (
    consolidate,
    coordinate_values,
    restore,
    write_description,
)
from molenspin.sweep.batches import Batch, BatchState
from molenspin.sweep.layout import Layout, NodePlan
from molenspin.sweep.plan import Plan


def prepare_store(plan: Plan, url: str) -> None:
    """Create what the plan needs and the store lacks; repeating it changes nothing.

    Slots of earlier plans keep their place and their results.
    """
    root = open_root(url) if store_exists(url) else _create_root(url)
    root.update_attributes(with_checksum(_root_attributes(plan)))
    groups = {}
    for node in nodes_in(root):
        restore(node)
        groups[node.name] = node.group
    for node_plan in plan.nodes:
        # Asking a group whether it is true would count its members.
        group = groups.get(node_plan.name)
        if group is None:
            group = _create_node(root, node_plan, plan.config.storage)
        fresh = [one for one in plan.batches if one.node == node_plan.name and one.state is BatchState.NEW]
        if fresh:
            _add_slots(group, node_plan, sorted(fresh, key=lambda batch: batch.index), plan)
    consolidate(root)


def _create_root(url: str) -> zarr.Group:
    attributes: dict[str, Any] = {"kind": KIND, "format": FORMAT}
    return zarr.open_group(open_location(url), mode="w-", zarr_format=3, attributes=attributes)


def _root_attributes(plan: Plan) -> dict[str, Any]:
    return {
        "kind": KIND,
        "format": FORMAT,
        "name": plan.config.name,
        "config": publishable(plan.config.model_dump(mode="json")),
        "versions": versions(),
        "fingerprints": dict(plan.fingerprints),
    }


def _create_node(root: zarr.Group, node: NodePlan, storage: Storage) -> zarr.Group:
    found = group_attributes(read_bytes(root.store, f"{node.name}/zarr.json"))
    attributes = {**(found or {}), **_node_attributes(node)}
    make_place(root, node.name, array_names(attributes))
    group = group_at(root.store, node.name, attributes)
    layout = node.layout
    for variable in layout.variables:
        _create_variable(group, variable, node, tuple(compressors(storage)))
    for name, spec in OUTCOMES.items():
        lengths = spec.per_case.values()
        dimensions = ("case", *spec.per_case)
        _create(group, name, spec, dimensions, shape=(0, *lengths), chunks=(node.batch_size, *lengths))
    for name, spec in create_columns(layout).items():
        _create(group, name, spec, ("case",), shape=(0,), chunks=(COLUMN_CHUNK,))
    texts = _coordinate_texts(layout)
    _write_coordinates(group, coordinate_values(attributes, texts))
    write_description(group, texts)
    # In one write (attrs.update makes one for each key), and last.
    group.update_attributes(attributes)
    return group


def _create_variable(
    group: zarr.Group, name: str, node: NodePlan, codecs: tuple[BytesBytesCodec, ...]
) -> None:
    layout = node.layout
    across = "constraint" if name == "reaction" else "body"
    shape = (0, layout.width(name), layout.sample_count)
    chunks = data_chunks(layout, name, node.batch_size)
    spec = ArraySpec("float64", np.nan, VARIABLE_ATTRIBUTES[name])
    _create(group, name, spec, ("case", across, "time"), shape=shape, chunks=chunks, codecs=codecs)


def _create(
    group: zarr.Group,
    name: str,
    spec: ArraySpec,
    dimensions: Sequence[str],
    *,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    codecs: Any = None,  # noqa: ANN401
) -> zarr.Array[Any]:
    return group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        dtype=spec.dtype,
        fill_value=spec.fill_value,
        compressors=codecs or small_compressors(),
        dimension_names=dimensions,
        attributes=dict(spec.attributes),
    )


def _coordinate_texts(layout: Layout) -> dict[str, list[str]]:
    texts = {"body": [body.name for body in layout.source.assembly.bodies], "quantity": list(QUANTITIES)}
    return texts | (
        {"constraint": list(layout.source.constraint_names)} if "reaction" in layout.variables else {}
    )


def _write_coordinates(group: zarr.Group, coordinates: Mapping[str, NDArray[Any]]) -> None:
    for name, values in coordinates.items():
        is_time = name == "time"
        spec = ArraySpec("float64", np.nan, TIME_ATTRIBUTES) if is_time else ArraySpec(TEXT, "")
        count = len(values)
        _create(group, name, spec, (name,), shape=(count,), chunks=(max(1, count),))[:] = values


def _node_attributes(node: NodePlan) -> dict[str, Any]:
    layout = node.layout
    simple_names = [name for name in create_columns(layout) if " " not in name]
    return {
        "node": node.name,
        "layout": layout.digest,
        "name": layout.source.name,
        # As in the datasets of `simulate`, so that analysis reads both alike.
        "assembly": dumps(assembly_to_dict(layout.source.assembly)),
        "family": layout.source.family,
        "batch_size": node.batch_size,
        "parameters": list(layout.parameter_names),
        "variables": list(layout.variables),
        "simulation": layout.simulation.model_dump(),
        # xarray reads the names of coordinates from here.
        "coordinates": " ".join(simple_names),
    }


def _add_slots(group: Any, node: NodePlan, batches: Sequence[Batch], plan: Plan) -> None:  # noqa: ANN401
    first, stop = batches[0].slots[0], batches[-1].slots[1]
    per_case = (*node.layout.variables, *OUTCOMES, *create_columns(node.layout))
    for name in per_case:
        array = array_of(group, name)
        array.resize((stop, *array.shape[1:]))
    columns = _columns(node, batches, plan, first, stop)
    for name in create_columns(node.layout):
        array_of(group, name)[first:stop] = columns[name]


def _columns(
    node: NodePlan, batches: Sequence[Batch], plan: Plan, first: int, stop: int
) -> dict[str, NDArray[Any]]:
    """Values of the columns in slots first to stop; slots that pad a batch keep the fill value."""
    columns = {
        name: np.full(stop - first, spec.fill_value, dtype=object if spec.dtype is TEXT else spec.dtype)
        for name, spec in create_columns(node.layout).items()
    }
    for number in node.series:
        mine = [batch for batch in batches if batch.series == number]
        if not mine:
            continue
        series = plan.series[number]
        slots = np.concatenate([np.arange(*batch.slots) for batch in mine]) - first
        identities = np.concatenate([batch.identities for batch in mine])
        order = np.argsort(series.identities)
        rows = order[np.searchsorted(series.identities, identities, sorter=order)]
        columns["dt"][slots] = series.dt
        columns["integrator"][slots] = str(series.integrator)
        columns["backend"][slots] = series.backend
        columns["identity"][slots] = identities
        columns["group"][slots] = np.repeat([batch.group for batch in mine], [b.case_count for b in mine])
        for position, name in enumerate(series.parameter_names):
            columns[name][slots] = series.parameters[rows, position]
    return columns
