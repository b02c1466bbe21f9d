"""Where a store is: a folder or an object store, opened through one function."""

import sys
import zlib
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from zipfile import BadZipFile

import zarr
from zarr.abc.store import Store
from zarr.core.buffer import Buffer
from zarr.core.group import AsyncGroup, GroupMetadata
from zarr.core.sync import sync
from zarr.storage import ObjectStore, StorePath

from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.output.durable_files import PARTIAL
from molenspin.store.description import COPY, FORMAT, group_attributes, parse_description, read_bytes
from molenspin.store.durable_store import DurableStore, FolderStore

KIND = "molenspin results"
"""Attribute of the root that tells our stores from others."""

RETRY_TIMEOUT = timedelta(seconds=30)
"""So long an object store that does not answer is tried again."""

DAMAGE = (
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
    EOFError,
    BadZipFile,
    zlib.error,
)
"""What Zarr and its codecs raise on bytes that they did not write."""


def storage_errors() -> tuple[type[Exception], ...]:
    """What a disk or an object store raises when it fails."""
    remote: Any = sys.modules.get("obstore.exceptions")
    return (OSError, remote.BaseError) if remote else (OSError,)


def first_line(error: Exception) -> str:
    """The first line of an error's text: those of object stores fill a screen."""
    return next(iter(str(error).splitlines()), type(error).__name__)[:500]


def damaged(place: str, reason: str) -> MolenspinError:
    """The error of a part of a store that is missing or holds what was not written there."""
    return MolenspinError(
        f"{place} is damaged: {reason}; `molenspin verify --repair CONFIG` restores or withdraws what is "
        "hit, and the next run computes it again"
    )


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
        raise damaged(place, f"{type(error).__name__}: {first_line(error)}") from error


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


class OtherContentError(MolenspinError):
    """Something else than results of ours is at that place."""


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
    with naming_damage(url):
        location = open_location(url, read_only=True)
        content = read_bytes(location, "zarr.json") if _is_folder(url) else None
        attributes = group_attributes(content) or {}
        if not _is_current(attributes):
            if _holds_nodes(location, url):
                attributes |= {"kind": KIND, "format": FORMAT}
            else:
                _refuse(url, content, attributes)
        return group_at(open_location(url, read_only=read_only, durable=durable), "", attributes)


def group_at(store: Store, path: str, attributes: Mapping[str, Any]) -> zarr.Group:
    """The group at a path with these attributes; nothing is read or written."""
    metadata = GroupMetadata(attributes=dict(attributes), zarr_format=3)
    return zarr.Group(AsyncGroup(metadata=metadata, store_path=StorePath(store, path)))


def _is_folder(url: str) -> bool:
    return "://" in url or Path(url).is_dir()


def _is_current(attributes: Mapping[str, Any]) -> bool:
    return (attributes.get("kind"), attributes.get("format")) == (KIND, FORMAT)


def _holds_nodes(location: Store, url: str) -> bool:
    """Whether a node is there that describes itself: a root that lost its attributes is ours still."""

    async def names() -> list[str]:
        return [name async for name in location.list_dir("")] if _is_folder(url) else []

    descriptions = (parse_description(read_bytes(location, f"{name}/{COPY}")) for name in sync(names()))
    return any(description is not None for description in descriptions)


def check_root(root: zarr.Group, url: str) -> zarr.Group:
    """The root group of a store, which must be ours and of this format.

    Raises
    ------
    OtherContentError, OtherFormatError
        If it is not.
    """
    if not _is_current(root.attrs):
        _refuse(url, b"", root.attrs)
    return root


def _refuse(url: str, content: bytes | None, attributes: Mapping[str, Any]) -> NoReturn:
    """Say why what is at a URL is no store that this version can read."""
    if content is None:
        _refuse_other_content(url)
        raise NoStoreError(f"{url}: there is no store of results; run the workflow first")
    if attributes.get("kind") != KIND:
        raise OtherContentError(
            f"{url}: a Zarr hierarchy, but not one that molenspin wrote (or its zarr.json is damaged)"
        )
    found = attributes.get("format", 1)  # the first format had no number
    raise OtherFormatError(
        f"{url}: results in format {found}, but this version of molenspin has format {FORMAT}; nothing "
        "was changed: move them away (the version that wrote them reads them), or delete them; run again"
    )


def _refuse_other_content(url: str) -> None:
    """A store must not grow among someone's files."""
    if _is_folder(url):
        names: Any = open_location(url, read_only=True).list_prefix("")  # a stream: the first ones are enough
        is_free = sync(_only_partial(names))
    else:
        is_free = not Path(url).exists()
    if not is_free:
        raise OtherContentError(f"{url} holds something else than results")


async def _only_partial(names: AsyncGenerator[str, None]) -> bool:
    """Whether a list of keys has none but those that killed writes leave behind."""
    async with aclosing(names):
        async for name in names:
            if not name.endswith(PARTIAL):
                return False
    return True


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
    except OtherContentError as error:
        raise OtherContentError(f"{error}; choose another place for the store") from error
    return True


def array_of(node: zarr.Group, name: str) -> zarr.Array[Any]:
    """An array of a node, which must be there."""
    with naming_damage(f"{node.store_path}/{name}"):
        array = node[name]
    if not isinstance(array, zarr.Array):
        raise MolenspinError(f"{node.path}/{name}: a group stands where an array should be")
    return array
