"""Files that carry their key and a checksum: what was damaged, or belongs elsewhere, is not believed."""

import json
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
from numpy.typing import NDArray

from molenspin.errors import DamagedFileError
from molenspin.output.durable_files import write_durably

JSON_LIMIT = 2**26
"""Bytes that a sealed JSON file has at most."""

ARRAYS_LIMIT = 2**32
"""Bytes that the arrays of a sealed archive have at most, where the reader does not know better."""

_MARK = b"\nmolenspin seal "
"""Begins the comment of an archive: the seal follows to the end of the file."""

_UNSEALED = "has no checksum: an earlier version of molenspin or another program wrote it"
_CHANGED = "its checksum does not fit: it was damaged, or edited by hand"
_OTHER_KEY = "belongs to something else (its key is another one)"


def write_sealed(path: Path, content: Mapping[str, object], *, key: str, kind: str) -> None:
    """Write a JSON file with a seal beside its content: kind, key and a checksum. Durably.

    Parameters
    ----------
    path
        The file; its folder is made if it is missing.
    content
        Dictionaries, lists, text, numbers (finite), booleans and None, by names other than ``seal``.
    key
        What the content belongs to, such as the hash of what it was computed from.
    kind
        What the file is: ``timing results``. It stands in messages.
    """
    plain = json.loads(json.dumps(content, allow_nan=False))  # as a reader will see it
    seal = {"kind": kind, "key": key, "sha256": _json_checksum(kind, key, plain)}
    write_durably(path, json.dumps({"seal": seal, **plain}, indent=1).encode() + b"\n")


def read_sealed(path: Path, *, kind: str, key: str | None = None) -> dict[str, Any]:
    """Read what `write_sealed` wrote.

    Parameters
    ----------
    path, kind
        As for `write_sealed`.
    key
        The key that it must have; None for any.

    Returns
    -------
    dict
        The content: unchanged since it was written, but not checked against any schema.

    Raises
    ------
    DamagedFileError
        If it is not that file whole: missing, empty, cut off, changed, another kind, another key.
    """
    raw = _read(path, JSON_LIMIT)
    try:
        sealed = json.loads(raw)
    except (ValueError, RecursionError):
        raise DamagedFileError(path, f"is not a file of {kind}: it is cut off, damaged or not JSON") from None
    seal = sealed.get("seal") if isinstance(sealed, dict) else None
    if not isinstance(seal, dict) or set(seal) != {"kind", "key", "sha256"}:
        raise DamagedFileError(path, _UNSEALED)
    content = {name: value for name, value in sealed.items() if name != "seal"}
    try:
        checksum = _json_checksum(seal["kind"], seal["key"], content)
    except (ValueError, RecursionError):  # numbers that are not finite: nothing of ours
        raise DamagedFileError(path, _CHANGED) from None
    _check_seal(path, seal, checksum, kind=kind, key=key)
    return content


def write_sealed_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, key: str, kind: str) -> None:
    """Write arrays as a compressed npz archive whose comment holds kind, key and a checksum, durably.

    Parameters
    ----------
    path, key, kind
        As for `write_sealed`; both texts short.
    arrays
        The arrays by name, none of Python objects. `numpy.load` reads the file too.
    """
    archive = BytesIO()
    # NumPy 2.0 does not know its option allow_pickle, which the types would have.
    np.savez_compressed(archive, **arrays)  # type: ignore[arg-type]
    # A zip archive ends with the length of its comment (two bytes), then the comment.
    members = archive.getvalue()[:-2]
    length = len(_MARK + _seal(kind, key, ""))
    body = members + length.to_bytes(2, "little")
    write_durably(path, body + _MARK + _seal(kind, key, _bytes_checksum(kind, key, body)))


def read_sealed_arrays(
    path: Path, *, kind: str, key: str | None = None, limit: int = ARRAYS_LIMIT
) -> dict[str, NDArray[Any]]:
    """Read what `write_sealed_arrays` wrote.

    Parameters
    ----------
    path, kind, key
        As for `read_sealed`.
    limit
        Bytes that the arrays have at most; a file that declares more is refused before it is unpacked.

    Returns
    -------
    dict
        The arrays by name: unchanged since they were written, but of any shape and type.

    Raises
    ------
    DamagedFileError
        As for `read_sealed`.
    """
    body, mark, text = _read(path, limit).rpartition(_MARK)
    if not mark:
        raise DamagedFileError(path, f"is cut off, damaged, or {_UNSEALED}")
    try:
        seal = json.loads(text)
    except (ValueError, RecursionError):
        raise DamagedFileError(path, _CHANGED) from None
    if not isinstance(seal, dict) or set(seal) != {"kind", "key", "sha256"}:
        raise DamagedFileError(path, _CHANGED)
    checksum = _bytes_checksum(seal["kind"], seal["key"], body)
    _check_seal(path, seal, checksum, kind=kind, key=key)
    try:
        return _unpacked(BytesIO(body + mark + text), limit)
    except Exception:  # zip and npz raise a dozen classes for bytes that are not theirs
        raise DamagedFileError(path, f"is not an archive of {kind}") from None


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise DamagedFileError(path, f"cannot be read: {error.strerror}") from error
    if not raw:
        raise DamagedFileError(path, "is empty")
    if len(raw) > limit:
        raise DamagedFileError(path, f"is larger than {limit} bytes, the most that such a file has")
    return raw


def _unpacked(archive: BytesIO, limit: int) -> dict[str, NDArray[Any]]:
    with ZipFile(archive) as members:
        infos = members.infolist()
    declared = sum(info.file_size for info in infos)
    if declared > limit or any(info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for info in infos):
        raise ValueError
    archive.seek(0)
    with np.load(archive, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _check_seal(path: Path, seal: Mapping[str, object], checksum: str, *, kind: str, key: str | None) -> None:
    if seal["kind"] != kind:
        raise DamagedFileError(path, f"is not a file of {kind}")
    if seal["sha256"] != checksum:
        raise DamagedFileError(path, _CHANGED)
    if key is not None and seal["key"] != key:
        raise DamagedFileError(path, _OTHER_KEY)


def _seal(kind: str, key: str, checksum: str) -> bytes:
    return json.dumps({"kind": kind, "key": key, "sha256": checksum or "0" * 64}).encode()


def _json_checksum(kind: object, key: object, content: object) -> str:
    canonical = json.dumps([kind, key, content], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(canonical.encode()).hexdigest()


def _bytes_checksum(kind: object, key: object, body: bytes) -> str:
    return sha256(f"{kind}\n{key}\n".encode(errors="replace") + body).hexdigest()
