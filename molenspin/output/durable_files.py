"""Files that survive a crash: whole or absent after a kill, and on disk before anything vouches for them."""

import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PARTIAL = ".partial"
"""Ending of a file that is being written, as Zarr names them too: what a kill leaves of it has no meaning."""


SYNCED_AT_ONCE = 8


def write_durably(path: Path, content: bytes | memoryview) -> None:
    """Write a file under a temporary name, flush it to the disk, then rename it.

    Parameters
    ----------
    path
        The file; its folder is made if it is missing.
    content
        What to write.

    Notes
    -----
    After a kill or a power loss the file is the old one or the new one, never a mixture. When the call
    returns, the new one is on the disk: its content first, then its name in the folder.
    """
    make_folder(path.parent)
    temporary = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def delete_durably(path: Path) -> None:
    """Delete a file that may be missing; when the call returns, it does not come back after a power loss."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_folder(path.parent)


def delete_trees(root: Path, places: Iterable[str]) -> None:
    """Delete files below a folder, and folders with everything in them; the disk may learn of it later."""
    for place in places:
        path = root / place
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and flush their names to the disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk: a new or renamed file is only safe after that."""
    _sync(folder)


def sync_trees(root: Path, places: Iterable[str]) -> None:
    """Flush many files at once, then the names that lead to them.

    Parameters
    ----------
    root
        A folder.
    places
        Files below it, and folders with everything in them; those that are missing are passed over.
    """
    files, folders = list[Path](), set[Path]()
    for place in places:
        path = root / place
        if path.is_file():
            files.append(path)
        for folder, _, names in os.walk(path):
            folders.add(Path(folder))
            files += (Path(folder, name) for name in names)
        while path != root and path.parent not in folders:
            path = path.parent
            folders.add(path)
    # At the same time: the disk then takes many in one go, where one after the other each waits for it.
    with ThreadPoolExecutor(SYNCED_AT_ONCE) as pool:
        for paths in (files, filter(Path.is_dir, folders)):
            for _ in pool.map(_sync, paths):
                pass


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
