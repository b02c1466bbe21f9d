"""What a store holds beyond a configuration: listed by `status`, removed by `prune`, never unasked."""

import numpy as np
import pytest
import xarray as xr
from small_sweep import run, sweep

from molenspin.commands.entry_point import main
from molenspin.pipeline.project import open_project
from molenspin.store.case_statuses import status_of
from molenspin.store.pruning import find_surplus
from molenspin.store.reading import open_results
from molenspin.store.selection import select
from molenspin.strict_yaml import dump_yaml

WINDS = [6.0, 7.0, 8.0, 9.0, 10.0]


def with_winds(content, winds, **sections):
    """The small sweep with other points; batches of two."""
    block = content["sweep"][0] | {"space": {"grid": {"sail_spur0.wind_speed": winds}}}
    return content | {"sweep": [block], "storage": {"batch_members": 2}} | sections


@pytest.fixture
def full(tmp_path):
    """A finished sweep of five points in three batches, and its file."""
    content = with_winds(sweep(tmp_path), WINDS)
    run(content)
    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(content))
    return content, path


def selections(content):
    project = open_project(content)
    return project.places.store, select(project.config, project.plan.series)


def test_status_counts_what_is_asked_for_and_what_is_not(full):
    content, _ = full
    fewer = with_winds(content, [6.0, 12.0])
    (node,) = status_of(*selections(fewer))
    assert (node.counts, node.missing_count, node.surplus_count) == ({"ok": 1}, 1, 4)
    longer = with_winds(content, WINDS, simulation={"duration": 0.2, "save_interval": 0.02})
    held, lacking = status_of(*selections(longer))
    assert (held.counts, held.surplus_count) == ({}, 5)
    assert (lacking.name, lacking.missing_count) == ("mill-4", 5)


def test_the_command_names_surplus_and_lists_it_on_demand(full, capsys):
    content, path = full
    path.write_text(dump_yaml(with_winds(content, [6.0])))
    assert main(["status", str(path)]) == 0
    assert "mill-4: 1 ok\n" in (shown := capsys.readouterr().out)
    assert "not asked for: 4 more cases" in shown
    main(["status", str(path), "--all"])
    assert "mill-4: 1 ok, 4 not asked for" in capsys.readouterr().out


def test_prune_removes_batches_that_nobody_asks_for_and_keeps_every_bit_of_the_others(full, capsys):
    content, path = full
    url, _ = selections(content)
    before = open_results(url)["mill-4"].to_dataset().load()
    path.write_text(dump_yaml(with_winds(content, [6.0])))
    assert main(["prune", "--yes", str(path)]) == 0
    assert "3 cases deleted" in capsys.readouterr().out
    after = open_results(url)["mill-4"].to_dataset().load()
    # The batch of the case that is asked for stays whole.
    assert after["sail_spur0.wind_speed"].values.tolist() == [6.0, 7.0]
    xr.testing.assert_identical(after, before.isel(case=slice(2)))
    assert find_surplus(*selections(with_winds(content, [6.0]))) == []
    assert main(["verify", str(path)]) == 0


def test_pruned_cases_are_computed_again_when_they_are_asked_for(full):
    content, path = full
    url, _ = selections(content)
    before = open_results(url)["mill-4"].to_dataset().load().sortby("sail_spur0.wind_speed")
    path.write_text(dump_yaml(with_winds(content, [8.0])))
    main(["prune", "--yes", str(path)])
    computed, after = run(content)
    assert computed == 3
    after = after.sortby("sail_spur0.wind_speed")
    np.testing.assert_array_equal(after["angle"], before["angle"])


def test_prune_removes_a_whole_node_but_not_what_others_added(full):
    content, path = full
    url, _ = selections(content)
    path.write_text(dump_yaml(content | {"simulation": {"duration": 0.2, "save_interval": 0.02}}))
    notes = xr.Dataset({"notes": ("page", [1.0, 2.0])})
    notes.to_zarr(url, group="mill-4", mode="a", consolidated=False)
    assert main(["prune", "--yes", str(path)]) == 0
    assert status_of(url) == []
    assert xr.open_zarr(url, group="mill-4", consolidated=False)["notes"].values.tolist() == [1.0, 2.0]


def test_prune_deletes_nothing_unasked(full, capsys):
    content, path = full
    url, kept = selections(content)
    path.write_text(dump_yaml(with_winds(content, [6.0])))
    assert main(["prune", str(path)]) == 2
    assert "give --yes" in capsys.readouterr().err
    assert status_of(url, kept)[0].counts == {"ok": 5}


def test_prune_keeps_what_any_of_the_configurations_asks_for(full, tmp_path):
    content, path = full
    url, kept = selections(content)
    other = tmp_path / "other.yaml"
    other.write_text(dump_yaml(with_winds(content, [10.0], storage={"url": url})))
    path.write_text(dump_yaml(with_winds(content, [6.0], storage={"url": url})))
    assert main(["prune", "--yes", str(path), str(other)]) == 0
    assert status_of(url, kept)[0].counts == {"ok": 3}
