"""Files that survive a crash: whole or absent after a kill, and on disk before anything vouches for them."""

import os
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
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
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk: a new or renamed file is only safe after that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
