"""Where a store is: a folder or an object store, opened through one function."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import zarr
from zarr.abc.store import Store
from zarr.core.buffer import Buffer
from zarr.storage import ObjectStore

from molenspin.durable_files import PARTIAL
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.store.durable_store import DurableStore, FolderStore

KIND = "molenspin results"
"""Attribute of the root that tells our stores from others."""

FORMAT = 2
"""Attribute of the root: which arrays a node has, and what they hold."""

RETRY_TIMEOUT = timedelta(seconds=30)
"""So long an object store that does not answer is tried again."""

DAMAGE = (ValueError, RuntimeError, KeyError, TypeError, AttributeError, AssertionError)
"""What Zarr and its codecs raise on bytes that they did not write."""


def storage_errors() -> tuple[type[Exception], ...]:
    """What a disk or an object store raises when it fails."""
    remote: Any = sys.modules.get("obstore.exceptions")
    return (OSError, remote.BaseError) if remote else (OSError,)


def first_line(error: Exception) -> str:
    """The first line of an error's text: those of object stores fill a screen."""
    return next(iter(str(error).splitlines()), type(error).__name__)[:500]


@contextmanager
def naming_damage(place: str) -> Iterator[None]:
    """Turn what damaged or strange bytes raise into one message that names the place."""
    try:
        yield
    except MolenspinError:
        raise
    except storage_errors() as error:
        raise MolenspinError(f"{place} cannot be reached: {first_line(error)}") from error
    except DAMAGE as error:
        raise MolenspinError(
            f"{place} is damaged ({type(error).__name__}: {error}); `molenspin verify` names what is hit, "
            "and with --repair withdraws it; if verify fails too, delete that folder: it is computed again"
        ) from error


def open_location(url: str, *, read_only: bool = False, durable: bool = True) -> Store:
    """The Zarr store at a path or a URL (``s3://bucket/folder``; credentials come from the environment).

    Parameters
    ----------
    url
        Path or URL.
    read_only
        Whether nothing may be written.
    durable
        Whether every change is on the disk when it returns; if not, `sync_trees` flushes many of them
        together. An object store keeps what it was given.

    Raises
    ------
    InvalidValueError
        If the URL's scheme is not known, or the package that it needs is not installed.
    """
    if "://" in url:
        return _Remote(open_remote(url), read_only=read_only)
    store = DurableStore if durable else FolderStore
    return store(Path(url), read_only=read_only)


def open_remote(url: str) -> Any:  # noqa: ANN401  (obstore need not be installed)
    """The folder of an object store at a URL.

    Raises
    ------
    InvalidValueError
        If the URL's scheme is not known, or the package that it needs is not installed.
    """
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise InvalidValueError(f"storage.url {url}: install the extra 's3' (obstore) to use it") from error
    try:
        return from_url(url, retry_config={"retry_timeout": RETRY_TIMEOUT})
    except Exception as error:
        raise InvalidValueError(f"storage.url {url}: {first_line(error)}") from error


class _Remote(ObjectStore[Any]):
    """An object store that keeps what is there even where the server knows no conditional writes.

    Zarr creates a parent group "if it does not exist"; a server that ignores the condition would have it
    replace the attributes of the root.
    """

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        if not await self.exists(key):
            await self.set(key, value)


class NoStoreError(MolenspinError):
    """There is no store at that place yet."""


class OtherFormatError(MolenspinError):
    """The results were written by a version with another format."""


def open_root(url: str, *, read_only: bool = False, durable: bool = True) -> zarr.Group:
    """The root group of a store that exists.

    Parameters
    ----------
    url, read_only, durable
        As for `open_location`.

    Raises
    ------
    NoStoreError
        If there is none.
    MolenspinError
        If it is not ours, of another format, or damaged.
    """
    location = open_location(url, read_only=read_only, durable=durable)
    with naming_damage(url):
        try:
            root = zarr.open_group(
                location, mode="r" if read_only else "r+", zarr_format=3, use_consolidated=False
            )
        except FileNotFoundError as error:
            _refuse_other_content(url)
            raise NoStoreError(f"{url}: there is no store of results; run the workflow first") from error
    if root.attrs.get("kind") != KIND:
        raise MolenspinError(
            f"{url}: a Zarr hierarchy, but not one that molenspin wrote; choose another place"
        )
    found = root.attrs.get("format", 1)  # the first format had no number
    if found != FORMAT:
        raise OtherFormatError(
            f"{url}: results in format {found}, but this version of molenspin has format {FORMAT}; nothing "
            "was changed: move them away (the version that wrote them reads them), or delete them; run again"
        )
    return root


def _refuse_other_content(url: str) -> None:
    """A store must not grow among someone's files: it replaces what has the name of a node."""
    path = Path(url)
    is_free = "://" in url or not path.exists()
    if not is_free and (path.is_file() or any(entry.suffix != PARTIAL for entry in path.iterdir())):
        raise MolenspinError(f"{url} holds something else than results; choose another place for the store")


def store_exists(url: str) -> bool:
    """Whether a store of results is there.

    Raises
    ------
    MolenspinError
        If something else is there.
    """
    try:
        open_root(url, read_only=True)
    except NoStoreError:
        return False
    return True


def array_of(node: zarr.Group, name: str) -> zarr.Array[Any]:
    """An array of a node, which must be there."""
    array = node[name]
    if not isinstance(array, zarr.Array):
        raise MolenspinError(f"{node.path}/{name}: a group stands where an array should be")
    return array


def arrays_of(node: zarr.Group) -> dict[str, zarr.Array[Any]]:
    """All arrays of a node by name, as the store describes them now."""
    return dict(node.arrays())
