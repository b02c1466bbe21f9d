"""Open what a user names to be read: a store, the folder of a sweep, or a zip that holds one of them."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import islice
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, is_zipfile

import zarr
from zarr.storage import ZipStore

from molenspin.errors import InvalidTypeError, MolenspinError
from molenspin.store.location import (
    KIND,
    NoStoreError,
    OtherContentError,
    check_root,
    first_line,
    naming_damage,
    open_root,
)
from molenspin.store.places import STORE_NAME

METADATA = "zarr.json"
ZIP_DAMAGE = (BadZipFile, zlib.error, EOFError, NotImplementedError)
"""What reading a zip raises on bytes that no zip program wrote, or that need another one."""

LOOKED_AT = 1000
"""Entries of a folder that are looked at for one that was meant."""


def open_place(place: "str | os.PathLike[str]") -> zarr.Group:
    """The root of the results at a path or URL, to be read.

    Raises
    ------
    NoStoreError, OtherContentError
        If there are none; names the place that was probably meant.
    MolenspinError
        If they are of another format, or damaged.
    """
    url = os.fspath(place) if isinstance(place, str | os.PathLike) else None
    if not isinstance(url, str):
        raise InvalidTypeError(f"a path or a URL of results is needed, not {place!r}")
    path = Path(url)
    if "://" in url:
        return open_root(url, read_only=True)
    if path.is_file() and is_zipfile(path):
        return _open_zip(path)
    held = path / STORE_NAME  # a sweep's folder
    try:
        return open_root(str(held if held.exists() else path), read_only=True)
    except (NoStoreError, OtherContentError) as error:
        raise type(error)(f"{path}: no store of results is there{_meant(path)}") from error


@contextmanager
def naming_zip_damage(place: object) -> Iterator[None]:
    """Turn what a damaged zip raises into one message."""
    try:
        yield
    except ZIP_DAMAGE as error:
        raise MolenspinError(f"{place}: not a whole zip file ({first_line(error)}); copy it again") from error


def _open_zip(path: Path) -> zarr.Group:
    with naming_damage(str(path)), naming_zip_damage(path):
        with ZipFile(path) as content:
            folders = _hierarchies(content.namelist())
        store = ZipStore(path, mode="r")
        roots = [
            zarr.open_group(store, path=folder, mode="r", zarr_format=3, use_consolidated=False)
            for folder in folders
        ]
    ours = [root for root in roots if root.attrs.get("kind") == KIND]
    if len(ours) != 1:
        found = ", ".join(root.path for root in ours) or "none"
        raise OtherContentError(f"{path}: a zip with one store of results is needed; stores in it: {found}")
    return check_root(ours[0], str(path))


def _hierarchies(names: list[str]) -> list[str]:
    """Folders of a zip that hold a Zarr hierarchy, not those inside one."""
    folders = sorted(PurePosixPath(name).parent for name in names if PurePosixPath(name).name == METADATA)
    outermost = [folder for folder in folders if not set(folder.parents) & set(folders)]
    return [folder.as_posix().removeprefix(".") for folder in outermost]


def _meant(path: Path) -> str:
    """The place that was probably meant: around the path, inside it, or of nearly its name."""
    around = [folder for folder in path.absolute().parents if _holds_store(folder)]
    near = around[-1:] or [*_stores_in(path)] or _of_similar_name(path)
    return (
        f'; did you mean "{near[0]}"?' if near else "; name a store, the folder of a sweep, or a zip of one"
    )


def _stores_in(path: Path) -> Iterator[Path]:
    if path.is_dir():
        entries = sorted(islice(path.iterdir(), LOOKED_AT))
        yield from (entry for entry in entries if _holds_store(entry))


def _of_similar_name(path: Path) -> list[Path]:
    siblings = {entry.name: entry for entry in _stores_in(path.parent)}
    return [siblings[name] for name in get_close_matches(path.name, siblings, n=1)]


def _holds_store(folder: Path) -> bool:
    return (folder / METADATA).is_file() or (folder / STORE_NAME / METADATA).is_file()
