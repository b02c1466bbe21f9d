"""Random damage to each kind of file that molenspin reads back: a damaged one is never believed.

Whatever happened to it, it is computed again or refused with one line, and the numbers are the true ones.
"""

from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
import pytest
from random_damage import damages

import molenspin as ms
from molenspin.analysis import reference
from molenspin.analysis.reference import reference_ensemble, reference_solution
from molenspin.errors import DamagedFileError
from molenspin.output.sealed_files import read_sealed_arrays, write_sealed, write_sealed_arrays
from molenspin.store import records
from molenspin.store.records import (
    GroupRecord,
    is_whole_record,
    load_record,
    load_records,
    save_summary,
    warn_of_damaged_summary,
)
from molenspin.timing import load_timing
from molenspin.timing.records import KIND as TIMING

TIMES = np.linspace(0.0, 0.2, 11)
TIMINGS = Path(__file__).parents[2] / "benchmarks/results/ensemble_rivals.json"

RECORD = GroupRecord(
    group="rust-0003",
    number=3,
    backend="rust",
    digest="0123456789abcdef",
    fingerprint=2**64 - 1,
    batch_count=2,
    case_count=5,
    computed_count=4,
    status_counts={"ok": 3, "not converged": 2},
    rates={"rust/rk4/24": 1.5e7},
    core_seconds=0.25,
    elapsed=0.5,
    machine="here",
    versions={"numpy": "2"},
    finished="2026-01-01T00:00:00+00:00",
)


@pytest.fixture
def solve_once(monkeypatch):
    """Solutions of one assembly, computed once; the names of the solvers that were called."""
    calls, known = [], {}

    def remembering(name, solve):
        def remembered(*arguments):
            calls.append(name)
            if name not in known:
                known[name] = solve(*arguments)
            return known[name]

        monkeypatch.setattr(reference, name, remembered)

    for name in ("adaptive_solution", "refined_solution"):
        remembering(name, getattr(reference, name))
    return calls


def solve_one(cache):
    return reference_solution(ms.benchmark_assembly("train", 4), TIMES, cache=cache)


def solve_many(cache):
    points = {"gear0.inertia": [1.0, 2.0]}
    return reference_ensemble(ms.benchmark_assembly("train", 4), points, TIMES, step=2e-3, cache=cache)


def archive(arrays):
    content = BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def sealed(folder, arrays, *, key, kind=reference.KIND):
    write_sealed_arrays(folder / "other", arrays, key=key, kind=kind)
    return (folder / "other").read_bytes()


def rewritten_references(path, folder):
    """Whole files under the name of a reference that do not hold it."""
    whole = read_sealed_arrays(path, kind=reference.KIND)
    key, states = path.stem, whole["states"]
    yield archive({**whole, "states": states + 1e-3})
    yield archive(whole)
    yield sealed(folder, {**whole, "states": states + 1e-3}, key="another assembly")
    yield sealed(folder, whole, key=key, kind="others")
    wrong = [
        {"states": states[..., :-1]},
        {"states": states[:, :1, :1]},
        {"states": states.astype(np.float32)},
        {"states": states.astype(str)},
        {"states": states.astype(complex)},
        {"uncertainty": whole["uncertainty"][0]},
        {"method": np.array(7)},
        {"messages": np.array(["", "", ""])},
        {"more": states},
    ]
    yield from (sealed(folder, {**whole, **change}, key=key) for change in wrong)
    yield sealed(folder, {"states": states}, key=key)


@pytest.mark.parametrize("solve", [solve_one, solve_many])
def test_a_damaged_reference_is_computed_again(tmp_path, caplog, solve_once, solve):
    cache = tmp_path / "cache"
    true = solve(cache)
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    for version in damages(whole, *rewritten_references(path, tmp_path)):
        path.write_bytes(version)
        caplog.clear()
        solve_once.clear()
        assert solve(cache).identical(true)
        (line,) = caplog.messages
        assert line.startswith(f"{path}: ")
        assert line.endswith("; it is computed again")
        assert len(solve_once) == 1
        assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, caplog):
    (tmp_path / "file").touch()
    true = solve_one(None)
    assert solve_one(tmp_path / "file").identical(true)
    assert [line.split(": ", 1)[1] for line in caplog.messages] == [
        "cannot be written: File exists; next time it is computed again"
    ]


def rewritten_records(folder):
    path, plain = folder / "rewritten.json", asdict(RECORD)
    changes = [
        {"status_counts": [1]},
        {"status_counts": {"ok": "5"}},
        {"status_counts": {"ok": 6, "failed": -1}},
        {"status_counts": {"ok": 4}},
        {"rates": 5},
        {"rates": {"rust/rk4/24": "fast"}},
        {"rates": {"rust/rk4/24": -1.0}},
        {"rates": {"rust/rk4/24": 0.0}},
        {"rates": {"rust/rk4/24": None}},
        {"number": 3.0},
        {"number": -1},
        {"fingerprint": True},
        {"elapsed": -0.5},
        {"case_count": 10},
        {"group": "rust-0004"},
        {"versions": ["numpy"]},
        {"machine": None},
        {"more\n\x1b[2J": 1},
    ]
    for change in changes:
        write_sealed(path, {**plain, **change}, key=RECORD.digest, kind=records.KIND)
        yield path.read_bytes()
    write_sealed(path, {"group": "rust-0003"}, key=RECORD.digest, kind=records.KIND)
    yield path.read_bytes()
    write_sealed(path, plain, key=RECORD.digest, kind="others")
    yield path.read_bytes()
    path.unlink()


def with_other_numbers(raw, count=20):
    """The file with another digit here or there, as an editor leaves it."""
    draw = Random(0)
    begin = raw.index(b"}")  # the seal ends here
    digits = [place for place in range(begin, len(raw)) if raw[place : place + 1].isdigit()]
    for place in draw.sample(digits, count):
        other = draw.choice([digit for digit in b"123456789" if digit != raw[place]])
        yield raw[:place] + bytes([other]) + raw[place + 1 :]


def test_a_damaged_record_is_passed_over(tmp_path, caplog):
    path = tmp_path / "rust-0003.json"
    RECORD.save(path)
    assert load_records(tmp_path) == [RECORD]
    assert is_whole_record(path, RECORD.digest)
    assert not is_whole_record(path, "another digest")
    raw = path.read_bytes()
    for version in damages(raw, *with_other_numbers(raw), *rewritten_records(tmp_path)):
        path.write_bytes(version)
        caplog.clear()
        records._log_once.cache_clear()
        found = load_records(tmp_path)
        assert found in ([], [RECORD])
        assert len(caplog.messages) == 1 - len(found)
        assert is_whole_record(path, RECORD.digest) == bool(found)
        assert len(set(caplog.messages)) <= 2 - 2 * len(found)
        assert not any("\n" in line or "\x1b" in line for line in caplog.messages)


def test_damaged_records_of_a_folder_are_one_line(tmp_path, caplog):
    records._log_once.cache_clear()
    for name in ("rust-0003", "rust-0004", "rust-0005"):
        replace(RECORD, group=name).save(tmp_path / f"{name}.json")
    (tmp_path / "rust-0003.json").write_text("{}")
    (tmp_path / "rust-0004.json").write_text("")
    for _ in range(2):
        assert [record.group for record in load_records(tmp_path)] == ["rust-0005"]
    (line,) = caplog.messages
    assert "rust-0003.json: has no checksum" in line
    assert "1 more" in line


def test_a_record_under_another_groups_name_is_refused(tmp_path):
    RECORD.save(tmp_path / "rust-0004.json")
    with pytest.raises(DamagedFileError, match="another group"):
        load_record(tmp_path / "rust-0004.json")


def test_a_damaged_summary_is_named(tmp_path, caplog):
    path = tmp_path / "simulations.json"
    warn_of_damaged_summary(path)
    save_summary(path, [RECORD])
    warn_of_damaged_summary(path)
    assert not caplog.messages
    raw = path.read_bytes()
    for version in damages(raw, *with_other_numbers(raw)):
        path.write_bytes(version)
        records._log_once.cache_clear()
        caplog.clear()
        warn_of_damaged_summary(path)
        assert len(caplog.messages) == 1 or version.split() == raw.split()


def test_a_damaged_file_of_timings_is_refused_in_one_line(tmp_path):
    path = tmp_path / "timing.json"
    true = load_timing(TIMINGS)
    true.save(path, key="one sweep")
    raw = path.read_bytes()
    true.save(path, key="another sweep")
    rewritten = [path.read_bytes()]
    for content in ({"environments": 1, "records": []}, {}, {"environments": [], "records": [1]}):
        write_sealed(path, content, key="one sweep", kind=TIMING)
        rewritten.append(path.read_bytes())
    for version in damages(raw, *rewritten, *with_other_numbers(raw)):
        path.write_bytes(version)
        try:
            found = load_timing(path, key="one sweep")
        except DamagedFileError as error:
            message = str(error)
            assert message.startswith(f"{path}: ")
            assert "\n" not in message
        else:
            assert found == true


def test_timings_that_were_edited_say_so(tmp_path):
    path = tmp_path / "timing.json"
    load_timing(TIMINGS).save(path)
    text = path.read_text()
    assert text.count('"member_count": 256') > 1
    path.write_text(text.replace('"member_count": 256', '"member_count": 257', 1))
    with pytest.raises(DamagedFileError, match=r"damaged, or edited by hand; delete it and time again"):
        load_timing(path)
