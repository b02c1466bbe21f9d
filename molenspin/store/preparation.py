"""Make room in the store for a plan: create nodes, add slots, say in each slot what is asked of it."""

import warnings
from collections.abc import Sequence
from json import dumps
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.errors import ZarrUserWarning

from molenspin.assembly.yaml_format import assembly_to_dict
from molenspin.config.models import Storage
from molenspin.history import multiples
from molenspin.provenance import versions
from molenspin.publication import publishable
from molenspin.store.arrays import (
    COLUMN_CHUNK,
    OUTCOMES,
    QUANTITIES,
    TEXT,
    VARIABLE_ATTRIBUTES,
    ArraySpec,
    compressors,
    create_columns,
    data_chunks,
    small_compressors,
)
from molenspin.store.location import FORMAT, KIND, array_of, open_location, store_exists
from molenspin.sweep.batches import Batch, BatchState
from molenspin.sweep.layout import Layout, NodePlan
from molenspin.sweep.plan import Plan


def prepare_store(plan: Plan, url: str) -> None:
    """Create what the plan needs and the store lacks; repeating it changes nothing.

    Slots of earlier plans keep their place and their results.
    """
    store_exists(url)  # refuses what is there but not ours
    root = zarr.open_group(
        open_location(url),
        mode="a",
        zarr_format=3,
        use_consolidated=False,
        attributes={"kind": KIND, "format": FORMAT},
    )
    root.update_attributes(
        {
            "name": plan.config.name,
            "config": publishable(plan.config.model_dump(mode="json")),
            "versions": versions(),
            "fingerprints": dict(plan.fingerprints),
        }
    )
    for node in plan.nodes:
        if node.name not in root or "layout" not in root[node.name].attrs:
            _create_node(root, node, plan.config.storage)
        fresh = [batch for batch in plan.batches if batch.node == node.name and batch.state is BatchState.NEW]
        if fresh:
            _add_slots(root[node.name], node, sorted(fresh, key=lambda batch: batch.index), plan)
    with warnings.catch_warnings():
        # Zarr notes that format 3 has no consolidated metadata yet; xarray warns where it is missing.
        warnings.simplefilter("ignore", ZarrUserWarning)
        zarr.consolidate_metadata(root.store, zarr_format=3)


def _create_node(root: zarr.Group, node: NodePlan, storage: Storage) -> None:
    group = root.create_group(node.name, overwrite=True)
    layout = node.layout
    for name, spec in create_columns(layout).items():
        _create(group, name, spec, ("case",), shape=(0,), chunks=(COLUMN_CHUNK,))
    for name, spec in OUTCOMES.items():
        lengths = spec.per_case.values()
        dimensions = ("case", *spec.per_case)
        _create(group, name, spec, dimensions, shape=(0, *lengths), chunks=(node.batch_size, *lengths))
    for variable in layout.variables:
        across = "constraint" if variable == "reaction" else "body"
        shape = (0, layout.width(variable), layout.sample_count)
        chunks = data_chunks(layout, variable, node.batch_size)
        spec = ArraySpec("float64", np.nan, VARIABLE_ATTRIBUTES[variable])
        dimensions = ("case", across, "time")
        codecs = tuple(compressors(storage))
        _create(group, variable, spec, dimensions, shape=shape, chunks=chunks, codecs=codecs)
    _write_coordinates(group, layout)
    # In one write (attrs.update makes one for each key): it is what marks the node as complete.
    group.update_attributes(_node_attributes(node))


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


def _write_coordinates(group: zarr.Group, layout: Layout) -> None:
    times = multiples(layout.simulation.save_interval, layout.sample_count)
    bodies = [body.name for body in layout.source.assembly.bodies]
    coordinates: dict[str, tuple[ArraySpec, NDArray[Any]]] = {
        "time": (ArraySpec("float64", np.nan, {"units": "s", "long_name": "time"}), times),
        "body": (ArraySpec(TEXT, ""), np.array(bodies, dtype=object)),
        "quantity": (ArraySpec(TEXT, ""), np.array(list(QUANTITIES), dtype=object)),
    }
    if "reaction" in layout.variables:
        names = np.array(layout.source.constraint_names, dtype=object)
        coordinates["constraint"] = (ArraySpec(TEXT, ""), names)
    for name, (spec, values) in coordinates.items():
        count = len(values)
        _create(group, name, spec, (name,), shape=(count,), chunks=(max(1, count),))[:] = values


def _node_attributes(node: NodePlan) -> dict[str, Any]:
    layout = node.layout
    simple_names = [name for name in create_columns(layout) if " " not in name]
    return {
        "layout": layout.digest,
        "name": layout.source.name,
        # As in the datasets of `simulate`, so that analysis reads both alike.
        "assembly": dumps(assembly_to_dict(layout.source.assembly)),
        "family": layout.source.family,
        "batch_size": node.batch_size,
        "parameters": list(layout.parameter_names),
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
