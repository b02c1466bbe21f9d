"""Files that survive a crash: whole or absent after a kill, and on disk before anything vouches for them."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

PARTIAL = ".partial"
"""Ending of a file that is being written, as Zarr names them too: what a kill leaves of it has no meaning."""


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
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_trees(root: Path, places: Iterable[str]) -> None:
    """Flush many files at once, then the names that lead to them.

    Parameters
    ----------
    root
        A folder.
    places
        Files below it, and folders with everything in them; those that are missing are passed over.
    """
    files, folders = set[Path](), set[Path]()
    for place in places:
        path = root / place
        folders.update(folder for folder in path.parents if folder.is_relative_to(root) and folder.is_dir())
        if path.is_file():
            files.add(path)
        for folder, _, names in os.walk(path):
            folders.add(Path(folder))
            files.update(Path(folder, name) for name in names)
    for file in files:
        _start_writing(file)
    for file in files:
        _sync(file, os.O_RDONLY)
    for folder in folders:
        sync_folder(folder)


def _start_writing(file: Path) -> None:
    """Have the kernel write a file in the background: flushing many files then waits for the disk once."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
