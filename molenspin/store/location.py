"""Where a store is: a folder or an object store, opened through one function."""

from pathlib import Path
from typing import Any

import zarr
from zarr.abc.store import Store
from zarr.storage import LocalStore, ObjectStore

from molenspin.errors import InvalidValueError, MolenspinError


def open_location(url: str, *, read_only: bool = False) -> Store:
    """The Zarr store at a path or a URL (``s3://bucket/folder``; credentials come from the environment).

    Raises
    ------
    InvalidValueError
        If the URL's scheme is not known, or the package that it needs is not installed.
    """
    if "://" not in url:
        return LocalStore(Path(url), read_only=read_only)
    try:
        from obstore.store import from_url
    except ImportError as error:
        raise InvalidValueError(f"storage.url {url}: install the extra 's3' (obstore) to use it") from error
    try:
        remote: Any = from_url(url)
    except Exception as error:
        raise InvalidValueError(f"storage.url {url}: {error}") from error
    return ObjectStore(remote, read_only=read_only)


def open_root(url: str, *, read_only: bool = False) -> zarr.Group:
    """The root group of a store that exists.

    Raises
    ------
    MolenspinError
        If there is none, or it is not ours.
    """
    try:
        root = zarr.open_group(
            open_location(url, read_only=read_only),
            mode="r" if read_only else "r+",
            zarr_format=3,
            use_consolidated=False,
        )
    except FileNotFoundError as error:
        raise MolenspinError(f"{url}: there is no store of results; run the workflow first") from error
    if root.attrs.get("kind") != "molenspin results":
        raise MolenspinError(f"{url}: a Zarr hierarchy, but not one that molenspin wrote")
    return root


def store_exists(url: str) -> bool:
    """Whether a store of results is there."""
    try:
        open_root(url, read_only=True)
    except (FileNotFoundError, MolenspinError):
        return False
    return True


def array_of(node: zarr.Group, name: str) -> zarr.Array[Any]:
    """An array of a node, which must be there."""
    array = node[name]
    if not isinstance(array, zarr.Array):
        raise MolenspinError(f"{node.path}/{name}: a group stands where an array should be")
    return array
