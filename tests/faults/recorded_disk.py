"""A disk that records what is done to a folder, and shows what a power loss may leave of it.

As ALICE and LazyFS have it: before a file is flushed, its content may be missing, cut off, or zeros; before a
folder is flushed, each of its names that was added, replaced or deleted may be as before or as after.
"""

import builtins
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch


@dataclass(frozen=True)
class Named:
    """A name in a folder that points elsewhere from now on; `number` is None where it is deleted."""

    folder: int
    name: str
    number: int | None
    is_folder: bool = False


@dataclass(frozen=True)
class Renamed:
    """A file that gets another name in its folder."""

    folder: int
    name: str
    to_name: str
    number: int


@dataclass(frozen=True)
class Written:
    """A file whose whole content is this from now on."""

    number: int
    content: bytes


@dataclass(frozen=True)
class Flushed:
    """A file or a folder whose changes so far are on the disk."""

    number: int


@dataclass
class RecordedDisk:
    """The operations on a folder, in order.

    Parameters
    ----------
    root
        The folder, which is number 0 and empty at the start.
    """

    root: Path
    operations: list[Named | Renamed | Written | Flushed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._folders = {str(self.root): 0}
        self._files: dict[str, int] = {}
        self._contents: dict[int, bytes] = {}
        self._count = 0
        self._open: set[str] = set()
        self._lock = threading.RLock()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record inside the block; nothing is flushed in truth, which would only take time."""
        calls = {
            (os, "mkdir"): self._mkdir,
            (os, "rmdir"): self._remove,
            (os, "unlink"): self._remove,
            (os, "remove"): self._remove,
            (os, "rename"): self._rename,
            (os, "replace"): self._rename,
            (os, "link"): self._link,
            (os, "symlink"): _unknown,
            (os, "truncate"): _unknown,
            (os, "fsync"): self._fsync,
            (os, "fdatasync"): self._fsync,
            (os, "open"): self._os_open,
            (os, "write"): self._os_write,
            (io, "open"): self._io_open,
            (builtins, "open"): self._io_open,
        }
        patches = [patch.object(module, name, _around(getattr(module, name), call))
                   for (module, name), call in calls.items()]  # fmt: skip
        for one in patches:
            one.start()
        try:
            yield
        finally:
            for one in reversed(patches):
                one.stop()
            with self._lock:
                self._look_at_contents()

    def _mkdir(self, real, path, *arguments, dir_fd=None):
        place = self._place(path, dir_fd)
        with self._lock:
            real(path, *arguments, dir_fd=dir_fd)
            if place:
                self._folders[place] = self._next()
                self._name(place, self._folders[place], is_folder=True)

    def _remove(self, real, path, *, dir_fd=None):
        place = self._place(path, dir_fd)
        with self._lock:
            self._look_at_contents()
            real(path, dir_fd=dir_fd)
            if place:
                self._open.discard(place)
                self._folders.pop(place, None)
                self._files.pop(place, None)
                self._name(place, None)

    def _rename(self, real, source, target, **options):
        before, after = self._place(source), self._place(target)
        with self._lock:
            self._look_at_contents()
            real(source, target, **options)
            if before and after:
                number = self._files[after] = self._files.pop(before)
                self._open.discard(before)
                (folder, name), (to_folder, to_name) = map(os.path.split, (before, after))
                assert folder == to_folder, "a rename between folders is not recorded"
                self.operations.append(Renamed(self._folders[folder], name, to_name, number))

    def _link(self, real, source, target, **options):
        before, after = self._place(source), self._place(target)
        with self._lock:
            self._look_at_contents()
            real(source, target, **options)
            if before and after:
                self._files[after] = self._files[before]
                self._name(after, self._files[after])

    def _fsync(self, real, descriptor):
        place = self._place(descriptor)
        if not place:
            return real(descriptor)
        with self._lock:
            self._look_at_contents()
            number = self._folders.get(place, self._files.get(place))
            if number is not None:
                self.operations.append(Flushed(number))
        return None

    def _os_open(self, real, path, flags, *arguments, dir_fd=None):
        with self._lock:
            descriptor = real(path, flags, *arguments, dir_fd=dir_fd)
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self._opened(self._place(path, dir_fd))
        return descriptor

    def _io_open(self, real, path, mode="r", *arguments, **options):
        with self._lock:
            file = real(path, mode, *arguments, **options)
            if set(mode) & set("wax+") and not isinstance(path, int):
                self._opened(self._place(path))
        return file

    def _os_write(self, real, descriptor, content):
        with self._lock:
            count = real(descriptor, content)
            self._look_at_contents()
        return count

    def _opened(self, place):
        if place:
            self._open.add(place)
            if place not in self._files:
                self._files[place] = self._next()
                self._name(place, self._files[place])
            self._look_at_contents()

    def _look_at_contents(self):
        """Note what is new in files that are open: writing itself cannot be watched."""
        for place in sorted(self._open):
            with _OPEN(place, "rb") as file:
                content = file.read()
            number = self._files[place]
            if self._contents.get(number, b"") != content:
                self._contents[number] = content
                self.operations.append(Written(number, content))

    def _name(self, place, number, *, is_folder=False):
        folder, name = os.path.split(place)
        self.operations.append(Named(self._folders[folder], name, number, is_folder))

    def _next(self):
        self._count += 1
        return self._count

    def _place(self, path, dir_fd=None):
        """Absolute path of a path or a descriptor below the root; None elsewhere."""
        if isinstance(path, int):
            place = Path(f"/proc/self/fd/{path}").readlink()
        elif dir_fd is not None:
            place = Path(f"/proc/self/fd/{dir_fd}").readlink() / path
        else:
            place = Path.cwd() / path
        return str(place) if place.is_relative_to(self.root) else None

    def after_power_loss(self, moment, chance):
        """What may be left after so many operations: content by relative path, None for a folder.

        Parameters
        ----------
        moment
            Number of operations that were done.
        chance
            A `random.Random`, which decides what becomes of operations that were not flushed.
        """
        return _Remains(self.operations[:moment], chance).tree()


_OPEN = open


def _around(real, call):
    return lambda *arguments, **options: call(real, *arguments, **options)


def _unknown(real, *_arguments, **_options):
    raise AssertionError(f"the recorder does not know {real.__name__}")


class _Remains:
    """What a power loss leaves of operations."""

    def __init__(self, operations, chance):
        self._operations = list(enumerate(operations))
        self._chance = chance
        # Some losses take nearly everything, some nearly nothing.
        self._kept = chance.choice([0.0, 0.05, 0.5, 0.95, 1.0])
        self._flushed = {entry.number: at for at, entry in self._operations if isinstance(entry, Flushed)}
        self._written = {}
        for at, entry in self._operations:
            if isinstance(entry, Written):
                self._written.setdefault(entry.number, []).append((at, entry.content))
        self._is_folder = {
            entry.number for _, entry in self._operations if isinstance(entry, Named) and entry.is_folder
        }

    def tree(self):
        folders = {}
        for at, entry in self._operations:
            match entry:
                case Named() if self._is_kept(entry.folder, at):
                    _point(folders, entry.folder, entry.name, entry.number)
                case Renamed() if self._is_kept(entry.folder, at):
                    _point(folders, entry.folder, entry.name, None)
                    _point(folders, entry.folder, entry.to_name, entry.number)
        return dict(self._below(folders, 0, ""))

    def _is_kept(self, number, at):
        return self._flushed.get(number, -1) > at or self._chance.random() < self._kept

    def _below(self, folders, number, path):
        for name, entry in sorted(folders.get(number, {}).items()):
            place = f"{path}{name}"
            if entry in self._is_folder:
                yield place, None
                yield from self._below(folders, entry, f"{place}/")
            else:
                yield place, self._content(entry)

    def _content(self, number):
        written, flushed = self._written.get(number, []), self._flushed.get(number, -1)
        lost = [content for at, content in written if at > flushed]
        old = next((content for at, content in reversed(written) if at < flushed), b"")
        if not lost:
            return old
        if self._chance.random() < self._kept:
            return self._chance.choice(lost)
        return self._torn(old, self._chance.choice(lost))

    def _torn(self, old, new):
        cut = self._chance.randrange(len(new) + 1)
        zeros = bytes(len(new) - cut)
        return self._chance.choice(
            [old, b"", bytes(len(new)), new[:cut], new[:cut] + zeros, new[:cut] + old[cut:]]
        )


def _point(folders, folder, name, number):
    entries = folders.setdefault(folder, {})
    if number is None:
        entries.pop(name, None)
    else:
        entries[name] = number
