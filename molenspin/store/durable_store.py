"""A Zarr store in a folder that survives a power loss: what was written first is on the disk first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from zarr.abc.store import Store
from zarr.core.buffer import Buffer
from zarr.storage import LocalStore

from molenspin.output.durable_files import PARTIAL, delete_durably, make_folder, sync_folder, write_durably


class FolderStore(LocalStore):
    """A folder of which a half-written file is no member: a kill may leave one."""

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Names in a folder."""
        async for name in super().list_dir(prefix):
            if not name.endswith(PARTIAL):
                yield name


class DurableStore(FolderStore):
    """A folder in which every change is on the disk when it returns.

    Zarr's own store renames a file without flushing it: after a power loss it may be empty, missing, or older
    than what was written after it.
    """

    async def _open(self, **options: Any) -> None:  # noqa: ANN401  (as Zarr hands them over)
        if not self.read_only:
            await asyncio.to_thread(make_folder, self.root)
        await super()._open(**options)

    async def set(self, key: str, value: Buffer) -> None:
        """Write a file, whole or not at all."""
        if not self._is_open:
            await self._open()
        self._check_writable()
        await asyncio.to_thread(write_durably, self.root / key, memoryview(value.as_buffer_like()))

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Write a file that is not there yet."""
        if not await self.exists(key):
            await self.set(key, value)

    async def delete(self, key: str) -> None:
        """Delete a file."""
        self._check_writable()
        await asyncio.to_thread(delete_durably, self.root / key)

    async def delete_dir(self, prefix: str) -> None:
        """Delete a folder with everything in it."""
        await super().delete_dir(prefix)
        parent = (self.root / prefix).parent
        if parent.is_dir():
            await asyncio.to_thread(sync_folder, parent)


def folder_of(store: Store) -> Path | None:
    """The folder of a store; None for an object store, which keeps what it was given."""
    return store.root if isinstance(store, LocalStore) else None
