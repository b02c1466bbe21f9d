"""The arrays of a node: names, types, chunks, units and codecs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec
from zarr.core.dtype import VariableLengthUTF8

from molenspin.config.models import Storage
from molenspin.simulation.history import BODY_VARIABLES
from molenspin.status import CaseStatus
from molenspin.sweep.layout import Layout

COLUMN_CHUNK = 65_536
"""Slots in a chunk of the columns that planning writes: one writer, so they need not follow the batches."""

LARGEST_CHUNK_BYTES = 64 * 2**20
"""A chunk of one case that is larger than this is split along time."""

VARIABLE_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    **{name: {"units": unit, "long_name": text} for name, (unit, text) in BODY_VARIABLES.items()},
    "reaction": {"long_name": "constraint multiplier"},
}

TIME_ATTRIBUTES: Mapping[str, str] = {"units": "s", "long_name": "time"}

STATUS_ATTRIBUTES: Mapping[str, Any] = {
    "long_name": "how the case ended",
    "flag_values": [int(status) for status in CaseStatus],
    "flag_meanings": " ".join(status.name.lower() for status in CaseStatus),
}

TEXT = VariableLengthUTF8()


@dataclass(frozen=True)
class ArraySpec:
    """How to create one array.

    Parameters
    ----------
    dtype
        NumPy type, or `TEXT`.
    fill_value
        What a slot holds before it is written.
    attributes
        Units, long name, flags.
    per_case
        Dimensions of what a slot holds, and their lengths.
    """

    dtype: Any
    fill_value: Any
    attributes: Mapping[str, Any] = field(default_factory=dict)
    per_case: Mapping[str, int] = field(default_factory=dict)


QUANTITIES: Mapping[str, ArraySpec] = {
    "max_residual": ArraySpec("float64", np.nan, {"long_name": "largest constraint residual"}),
    "newton_iterations": ArraySpec("int64", -1, {"long_name": "Newton iterations"}),
    "force_evaluations": ArraySpec("int64", -1, {"long_name": "force evaluations"}),
    "elapsed": ArraySpec(
        "float64", np.nan, {"units": "s", "long_name": "run time, shared by a batch's cases"}
    ),
}
"""Columns of the array ``outcome``, as users see them."""

ORIGINS: Mapping[str, ArraySpec] = {
    "fingerprint": ArraySpec("uint64", 0, {"long_name": "hash of the code that computed the case"}),
    "machine": ArraySpec(np.dtypes.StringDType(), "", {"long_name": "machine that computed the case"}),
}
"""Parts of the text ``origin``, as users see them."""

OUTCOMES: Mapping[str, ArraySpec] = {
    "message": ArraySpec(TEXT, "", {"long_name": "why the case stopped"}),
    "origin": ArraySpec(
        TEXT, "", {"long_name": "fingerprint of the code and machine that computed the case"}
    ),
    "outcome": ArraySpec(
        "float64", np.nan, {"long_name": "counts and costs of the run"}, {"quantity": len(QUANTITIES)}
    ),
    "status": ArraySpec("int8", int(CaseStatus.PENDING), STATUS_ATTRIBUTES),
}
"""Written by batch, in chunks of one batch, so each is a file per batch; the status last."""

COLUMNS: Mapping[str, ArraySpec] = {
    "dt": ArraySpec("float64", np.nan, {"units": "s", "long_name": "step size"}),
    "integrator": ArraySpec(TEXT, ""),
    "backend": ArraySpec(TEXT, ""),
    "group": ArraySpec("int32", -1, {"long_name": "group that runs the case"}),
    "identity": ArraySpec("uint64", 0, {"long_name": "hash of what the case asks; 0: the slot is not used"}),
}
"""Written when a sweep is planned; the identity last."""


def create_columns(layout: Layout) -> dict[str, ArraySpec]:
    """Columns of a node, its varied parameters included."""
    return {name: ArraySpec("float64", np.nan) for name in layout.parameter_names} | dict(COLUMNS)


def data_chunks(layout: Layout, variable: str, batch_size: int) -> tuple[int, int, int]:
    """Chunk shape of a recorded variable: a batch, split along time only where one case is huge."""
    width = max(1, layout.width(variable))
    samples = layout.sample_count
    if batch_size == 1:
        samples = max(1, min(samples, LARGEST_CHUNK_BYTES // (8 * width)))
    return batch_size, width, samples


def compressors(storage: Storage) -> Iterator[BytesBytesCodec]:
    """The codecs that end in a checksum, so that a damaged chunk is an error and not a number."""
    if storage.codec == "lz4":
        yield BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=8)
    elif storage.codec == "zstd":
        yield BloscCodec(cname="zstd", clevel=3, shuffle="shuffle", typesize=8)
    yield Crc32cCodec()


def small_compressors() -> tuple[BytesBytesCodec, ...]:
    """Codecs of columns and outcomes."""
    return ZstdCodec(level=1), Crc32cCodec()


def filled_rows(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows hold values: numbers that are finite, counts from 0, text that is not empty."""
    kind = values.dtype.kind
    filled = np.isfinite(values) if kind == "f" else values >= 0 if kind in "iu" else values != ""
    return np.asarray(filled.reshape(len(values), -1).all(axis=1) if values.size else filled, dtype=bool)
