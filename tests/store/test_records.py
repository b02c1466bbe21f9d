"""Records of groups and planning: what counts as done stands in the store, whatever a record says."""

from dataclasses import replace

import pytest
import yaml
from small_sweep import run, sweep

from molenspin.commands.entry_point import main
from molenspin.pipeline.project import open_project
from molenspin.pipeline.rates import measured_rates
from molenspin.store.location import array_of, open_root
from molenspin.store.records import load_record
from molenspin.sweep.batches import BatchState


@pytest.fixture
def content(tmp_path):
    run(sweep(tmp_path))
    return sweep(tmp_path)


@pytest.fixture
def record_path(content):
    (path,) = open_project(content).places.records.glob("*.json")
    return path


def states(content):
    return [batch.state for batch in open_project(content).plan.batches]


def test_a_record_vouches_for_nothing(content, record_path):
    """As where two sweeps share a store, and the other one was run since by other code, or was stopped."""
    assert states(content) == [BatchState.DONE, BatchState.DONE]
    node = open_root(open_project(content).places.store)["mill-4"]
    array_of(node, "status")[3:5] = 0
    assert states(content) == [BatchState.DONE, BatchState.UNFINISHED]
    array_of(node, "origin")[:3] = "00000000000000ff elsewhere"
    assert states(content) == [BatchState.STALE, BatchState.UNFINISHED]
    assert load_record(record_path).status_counts == {"ok": 5}


def plan_of(content, folder, capsys):
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(content))
    assert main(["plan", str(path)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("damaged", [b"", b"{}", b'{"group": ["numpy-0000"]}', b"\xff\x00"])
def test_plans_and_rates_pass_over_damaged_records(content, record_path, tmp_path, capsys, damaged):
    assert "core-hours: 0 " in plan_of(content, tmp_path, capsys)
    assert measured_rates(open_project(content))
    record_path.write_bytes(damaged)
    assert states(content) == [BatchState.DONE, BatchState.DONE]
    assert not measured_rates(open_project(content))
    for name in ("small", "beside"):
        assert "5 cases in 2 batches" in plan_of(content | {"name": name}, tmp_path, capsys)


def test_rates_are_those_of_this_machine(content, record_path):
    (key,) = load_record(record_path).rates
    replace(load_record(record_path), machine="elsewhere").save(record_path)
    assert key not in measured_rates(open_project(content))


def test_other_peoples_files_beside_the_records_stay(content, record_path, tmp_path, capsys, caplog):
    mine = [record_path.with_name(name) for name in ("notes.json", f"{record_path.stem}.mine.json")]
    for path in mine:
        path.write_text("precious")
    record_path.write_bytes(b"")
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(content))
    assert main(["verify", str(config), "--repair"]) == 0
    shown = capsys.readouterr().out
    assert str(record_path) in shown
    assert not record_path.exists()
    run(content)
    array_of(open_root(open_project(content).places.store)["mill-4"], "status")[3:5] = 0
    assert run(content)[0] == 2  # a group that computes drops its older records
    assert [path.read_text() for path in mine] == ["precious"] * 2
    assert not any(path.name in shown + caplog.text for path in mine)
