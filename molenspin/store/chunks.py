"""Chunks of a per-case array, read many at once: planning looks at one for each batch."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import MemoryStore

READ_AT_ONCE = 64


def written_chunks(array: zarr.Array[Any]) -> list[int]:
    """Numbers of the chunks of a per-case array that exist, in order."""

    async def names() -> list[str]:
        return [name async for name in array.store.list_dir(f"{array.path}/c")]

    return sorted(int(name) for name in sync(names()) if name.isdigit())


def read_chunks(
    array: zarr.Array[Any], numbers: Sequence[int], parse: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray
) -> Iterator[NDArray[Any]]:
    """Values of chunks; those of the same bytes, as of batches that all went well, are decoded once.

    Parameters
    ----------
    array
        Array with the one dimension ``case``.
    numbers
        Numbers of chunks.
    parse
        What to make of the values of a chunk.
    """
    # The same array with one chunk, which stands for each in turn.
    held: dict[str, Any] = {"zarr.json": sync(_bytes(array, "zarr.json"))}
    one_chunk = zarr.open_array(MemoryStore(held), mode="r")
    known: dict[bytes, NDArray[Any]] = {}
    for start in range(0, len(numbers), READ_AT_ONCE):
        for content in sync(_contents(array, numbers[start : start + READ_AT_ONCE])):
            key = content.to_bytes() if content else b""
            if key not in known:
                held["c/0"] = content
                if not content:
                    del held["c/0"]
                known[key] = parse(np.asarray(one_chunk[: array.chunks[0]]))
            yield known[key]


async def _contents(array: zarr.Array[Any], numbers: Sequence[int]) -> list[Any]:
    return await asyncio.gather(*(_bytes(array, f"c/{number}") for number in numbers))


async def _bytes(array: zarr.Array[Any], name: str) -> Any:  # noqa: ANN401
    return await array.store.get(f"{array.path}/{name}", default_buffer_prototype())
