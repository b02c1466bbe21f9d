"""Chunks of a per-case array, read many at once: planning looks at one for each batch."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from io import FileIO
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import LocalStore, MemoryStore

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
    held: dict[str, Any] = {"zarr.json": sync(_read(array, "zarr.json"))}
    one_chunk = zarr.open_array(MemoryStore(held), mode="r")
    known: dict[bytes, NDArray[Any]] = {}
    for content in _contents(array, numbers):
        if content not in known:
            held["c/0"] = default_buffer_prototype().buffer.from_bytes(content)
            if not content:
                del held["c/0"]
            known[content] = parse(np.asarray(one_chunk[: array.chunks[0]]))
        yield known[content]


def _contents(array: zarr.Array[Any], numbers: Sequence[int]) -> Iterator[bytes]:
    """The bytes of chunks, none where a chunk is missing."""
    if isinstance(array.store, LocalStore):
        # Zarr hands each file to a thread, which takes several times as long as reading it.
        yield from (_file_content(f"{array.store.root}/{array.path}/c/{number}") for number in numbers)
        return
    for start in range(0, len(numbers), READ_AT_ONCE):
        buffers = sync(_read_all(array, numbers[start : start + READ_AT_ONCE]))
        yield from (buffer.to_bytes() if buffer else b"" for buffer in buffers)


def _file_content(path: str) -> bytes:
    try:
        with FileIO(path) as file:
            return file.readall()
    except FileNotFoundError:
        return b""


async def _read_all(array: zarr.Array[Any], numbers: Sequence[int]) -> list[Any]:
    return await asyncio.gather(*(_read(array, f"c/{number}") for number in numbers))


async def _read(array: zarr.Array[Any], name: str) -> Any:  # noqa: ANN401
    return await array.store.get(f"{array.path}/{name}", default_buffer_prototype())
