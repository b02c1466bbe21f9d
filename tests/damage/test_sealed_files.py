"""Sealed files: what comes back is what was written, whatever happened to the bytes in between."""

import json
import zipfile
from contextlib import suppress
from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from random_damage import damages

from molenspin.errors import DamagedFileError
from molenspin.output import sealed_files
from molenspin.output.sealed_files import read_sealed, read_sealed_arrays, write_sealed, write_sealed_arrays

KIND, KEY = "examples", "0123456789abcdef"

PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
NAMES = st.text().filter(lambda name: name != "seal")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("sealed") / "file"


@settings(max_examples=50)
@given(content=st.dictionaries(NAMES, JSON, max_size=4), key=st.text())
def test_json_comes_back_as_it_was(path, content, key):
    write_sealed(path, content, key=key, kind=KIND)
    assert read_sealed(path, kind=KIND, key=key) == content


@settings(max_examples=50)
@given(values=arrays(np.float64, array_shapes(min_dims=0, min_side=0)), texts=st.lists(st.text(), max_size=3))
def test_arrays_come_back_as_they_were(path, values, texts):
    given = {"values": values, "texts": np.array(texts, dtype=str)}
    write_sealed_arrays(path, given, key=KEY, kind=KIND)
    found = read_sealed_arrays(path, kind=KIND, key=KEY)
    with np.load(path.rename(path.with_suffix(".npz")), allow_pickle=False) as plain:
        for name, array in given.items():
            np.testing.assert_array_equal(found[name], array)
            np.testing.assert_array_equal(plain[name], array)
            assert found[name].dtype == array.dtype


def write_json(path, *, content=(1.5, "a"), key=KEY, kind=KIND):
    write_sealed(path, {"values": list(content)}, key=key, kind=kind)


def write_arrays(path, *, content=(1.5, 2.5), key=KEY, kind=KIND):
    write_sealed_arrays(path, {"values": np.array(content)}, key=key, kind=kind)


@pytest.mark.parametrize(("write", "read"), [(write_json, read_sealed), (write_arrays, read_sealed_arrays)])
def test_another_kind_or_key_is_refused(path, write, read):
    write(path, kind="others")
    with pytest.raises(DamagedFileError, match="not a file of examples"):
        read(path, kind=KIND)
    write(path, key="another")
    read(path, kind=KIND)
    with pytest.raises(DamagedFileError, match="belongs to something else"):
        read(path, kind=KIND, key=KEY)


@pytest.mark.parametrize(("write", "read"), [(write_json, read_sealed), (write_arrays, read_sealed_arrays)])
def test_only_one_error_comes_of_damage(path, write, read):
    write(path)
    whole = read(path, kind=KIND, key=KEY)
    for version in damages(path.read_bytes()):
        path.write_bytes(version)
        with suppress(DamagedFileError):
            assert read(path, kind=KIND, key=KEY) == whole  # a blank more or less


@pytest.mark.parametrize("read", [read_sealed, read_sealed_arrays])
def test_a_file_that_is_not_there_is_named(tmp_path, read):
    for place in (tmp_path / "absent", tmp_path):
        with pytest.raises(DamagedFileError, match=f"{place}: cannot be read"):
            read(place, kind=KIND)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10**6,
        '{"seal": {"kind": "examples", "key": "", "sha256": ""}, "a": ' + "[" * 400 + "]" * 400 + "}",
        '{"seal": {"kind": "examples", "key": "", "sha256": ""}, "a": NaN}',
        '{"seal": {"kind": "examples", "key": "", "sha256": ""}, "a": 1e999}',
        '{"seal": {"kind": {}, "key": [], "sha256": null}}',
        '{"seal": {"kind": "\\ud800", "key": "\\ud800", "sha256": ""}, "a": "\\ud800"}',
        '{"seal": []}',
        "9" * 10**5,
        "[1]",
    ],
)
def test_hostile_json_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(DamagedFileError):
        read_sealed(path, kind=KIND)


def test_a_json_file_larger_than_the_limit_is_not_parsed(path, monkeypatch):
    monkeypatch.setattr(sealed_files, "JSON_LIMIT", 100)
    write_json(path, content=["a"] * 100)
    with pytest.raises(DamagedFileError, match="larger than 100 bytes"):
        read_sealed(path, kind=KIND)


def sealed_archive(archive: bytes) -> bytes:
    """An archive that someone else made, with a seal that fits."""
    mark, seal = sealed_files._MARK, {"kind": KIND, "key": KEY, "sha256": "0" * 64}
    body = archive[:-2] + len(mark + json.dumps(seal).encode()).to_bytes(2, "little")
    seal["sha256"] = sha256(f"{KIND}\n{KEY}\n".encode() + body).hexdigest()
    return body + mark + json.dumps(seal).encode()


def archive_of(name: str, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as members:
        members.writestr(name, content)
    return archive.getvalue()


def header(shape: str, dtype: str = "<f8") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def test_an_archive_by_hand_is_read(path):
    """The hostile ones below fail for what is hostile in them."""
    path.write_bytes(sealed_archive(archive_of("a.npy", header("(2,)") + bytes(16))))
    assert read_sealed_arrays(path, kind=KIND, key=KEY)["a"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "archive",
    [
        archive_of("a.npy", header("(1250000,)") + bytes(10**7)),
        archive_of("a.npy", header("(2,)") + bytes(16), zipfile.ZIP_LZMA),
        archive_of("a.npy", header(f"({10**17},)") + bytes(16)),
        archive_of("a.npy", header("(-1,)") + bytes(16)),
        archive_of("a.npy", header("(2,)", "|O") + bytes(16)),
        archive_of("a.npy", b"\x93NUMPY\x09\x00"),
        archive_of("a.npy", header("(2,)")[:30]),
        b"PK\x05\x06" + b"\xff" * 18,
        b"no archive",
    ],
    ids=["bomb", "lzma", "huge shape", "negative shape", "objects", "version", "cut", "directory", "text"],
)
def test_a_hostile_archive_is_refused_before_it_takes_memory(path, archive):
    path.write_bytes(sealed_archive(archive))
    with pytest.raises(DamagedFileError, match="not an archive of examples"):
        read_sealed_arrays(path, kind=KIND, key=KEY, limit=10**6)
