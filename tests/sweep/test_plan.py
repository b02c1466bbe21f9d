import dataclasses
import re

import numpy as np
import pytest

from molenspin.config import config_from_mapping
from molenspin.errors import InvalidValueError
from molenspin.status import CaseStatus
from molenspin.sweep.batches import BatchState, fingerprint_number
from molenspin.sweep.cases import expand
from molenspin.sweep.ledger import Ledger, NodeLedger
from molenspin.sweep.plan import make_plan

FINGERPRINTS = {"numpy": "a" * 16, "rust": "b" * 16}
WIND = {"random": {"count": 10, "axes": {"sail_spur0.wind_speed": {"low": 4, "high": 14}}}}


def config(block, **sections):
    defaults = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.002],
        "integrators": ["rk4"],
        "backends": ["numpy"],
    }
    return config_from_mapping({"sweep": [defaults | block], **sections})


def plan(block, ledger=None, fingerprints=FINGERPRINTS, **sections):
    checked = config(block, **sections)
    return make_plan(checked, expand(checked), ledger or Ledger(), fingerprints)


def ledger_after(planned, status=CaseStatus.OK):
    """What the store holds when all batches of a plan are done."""
    nodes = {}
    for node in planned.nodes:
        batches = sorted((b for b in planned.batches if b.node == node.name), key=lambda batch: batch.index)
        columns = {
            "identity": np.zeros(batches[-1].slots[1], np.uint64),
            "fingerprint": np.zeros(batches[-1].slots[1], np.uint64),
            "status": np.zeros(batches[-1].slots[1], np.int8),
            "group": np.full(batches[-1].slots[1], -1, np.int32),
        }
        for batch in batches:
            slots = slice(*batch.slots)
            backend = planned.series[batch.series].backend
            columns["identity"][slots] = batch.identities
            columns["fingerprint"][slots] = fingerprint_number(FINGERPRINTS[backend])
            columns["status"][slots] = status
            columns["group"][slots] = batch.group
        nodes[node.name] = NodeLedger(layout=node.layout.digest, batch_size=node.batch_size, **columns)
    return Ledger(nodes)


def states(planned):
    return [batch.state for batch in planned.batches]


def test_cases_are_all_combinations():
    planned = plan({"assemblies": [{"family": "mill", "sizes": [4, 8]}], "dt": [0.002, 0.001], "space": WIND})
    assert planned.case_count == 2 * 2 * 10
    assert {node.name for node in planned.nodes} == {"mill-4", "mill-8"}


def test_every_case_has_its_own_identity():
    planned = plan({"dt": [0.002, 0.001], "backends": ["numpy", "rust"], "space": WIND})
    identities = np.concatenate([series.identities for series in planned.series])
    assert len(np.unique(identities)) == planned.case_count == 40


def test_identity_ignores_the_position_and_the_name():
    block = {"space": {"grid": {"sail_spur0.wind_speed": [5, 6]}}}
    turned = {"space": {"grid": {"sail_spur0.wind_speed": [6, 5]}}}
    (first,), (second,) = expand(config(block)), expand(config(turned, name="other"))
    assert first.identities.tolist() == second.identities.tolist()[::-1]


@pytest.mark.parametrize("change", [{"duration": 4.0}, {"tolerance": 1e-9}, {"newton_limit": 5}])
def test_identity_follows_the_settings(change):
    (before,), (after,) = expand(config({})), expand(config({}, simulation=change))
    assert before.identities != after.identities


def test_a_case_in_two_blocks_runs_once():
    block = config({}).sweep[0].model_dump()
    both = config_from_mapping({"sweep": [block, block | {"dt": [0.002, 0.001]}]})
    assert sum(series.case_count for series in expand(both)) == 2


def test_where_keeps_the_cases_for_which_it_holds():
    block = {"dt": [0.002, 0.001], "space": WIND, "where": "dt < 0.002 and sail_spur0.wind_speed > 9"}
    (series,) = expand(config(block))
    assert series.dt == 0.001
    assert 0 < series.case_count < 10
    assert series.parameters.min() > 9


def test_space_may_hold_settings():
    zipped = {"space": {"zip": {"dt": [0.002, 0.001], "integrator": ["verlet", "rk4"]}}}
    checked = config_from_mapping({"sweep": [{"assemblies": [{"family": "mill", "sizes": [4]}], **zipped}]})
    assert {(series.dt, series.integrator.value) for series in expand(checked)} == {
        (0.002, "verlet"),
        (0.001, "rk4"),
    }


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"dt": [0.003]}, "does not divide the save interval"),
        ({"where": "dt > 1"}, "no case is left"),
        ({"space": {"grid": {"sail_spur.wind_speed": [1]}}}, "sweep.0..space: axis sail_spur.wind_speed"),
        ({"space": {"grid": {"sail_spur0.wind": [1]}}}, "wind_speed"),
        ({"space": {"grid": {"spur0.inertia": [-1]}}}, "inertia"),
        ({"space": {"grid": {"spur0.inertia": ["x"]}}}, "numbers are needed"),
        ({"space": {"grid": {"integrator": ["rk4"]}}}, "sweep.0..integrators and an axis 'integrator'"),
        ({"assemblies": [{"family": "mill", "sizes": [5]}]}, "sweep.0..assemblies.0..sizes"),
        ({"assemblies": [{"files": ["missing.yaml"]}]}, "sweep.0..assemblies.0..files.*missing.yaml"),
    ],
)
def test_blocks_that_cannot_be(block, message):
    with pytest.raises(InvalidValueError, match=message):
        expand(config(block))


def test_a_done_sweep_has_nothing_to_do():
    planned = plan({"space": WIND})
    again = plan({"space": WIND}, ledger_after(planned))
    assert set(states(again)) == {BatchState.DONE}
    assert again.digest == planned.digest


def test_one_more_dt_adds_batches_and_moves_none():
    before = plan({"dt": [0.002], "space": WIND})
    after = plan({"dt": [0.002, 0.001], "space": WIND}, ledger_after(before))
    kept = [batch for batch in after.batches if batch.state is BatchState.DONE]
    added = [batch for batch in after.batches if batch.state is BatchState.NEW]
    assert [batch.slots for batch in kept] == [batch.slots for batch in before.batches]
    assert {after.series[batch.series].dt for batch in added} == {0.001}
    assert min(batch.slots[0] for batch in added) >= max(batch.slots[1] for batch in kept)
    assert not {batch.group for batch in added} & {batch.group for batch in kept}


def test_other_code_makes_results_stale_for_its_backend_only():
    block = {"backends": ["numpy", "rust"]}
    ledger = ledger_after(plan(block))
    changed = plan(block, ledger, {"numpy": "a" * 16, "rust": "c" * 16})
    by_backend = {changed.series[batch.series].backend: batch.state for batch in changed.batches}
    assert by_backend == {"numpy": BatchState.DONE, "rust": BatchState.STALE}


def test_failures_are_results_and_interruptions_are_not():
    planned = plan({})
    assert states(plan({}, ledger_after(planned, CaseStatus.DIVERGED))) == [BatchState.DONE]
    assert states(plan({}, ledger_after(planned, CaseStatus.INTERRUPTED))) == [BatchState.UNFINISHED]


def test_batches_follow_chunk_borders_and_the_memory_budget():
    planned = plan({"space": {"random": WIND["random"] | {"count": 1000}}})
    size = planned.nodes[0].batch_size
    assert size == 63  # 1000 cases in 16 batches of at most 64
    assert all(batch.slots[0] == batch.index * size and batch.case_count <= size for batch in planned.batches)
    small = plan({"space": WIND}, storage={"batch_mebibytes": 0.1})
    assert small.nodes[0].batch_size * small.nodes[0].layout.case_bytes <= 0.1 * 2**20


def test_the_number_of_jobs_is_bounded():
    many = {"random": WIND["random"] | {"count": 20_000}}
    planned = plan({"space": many}, execution={"jobs": 7, "job_seconds": 0.001})
    assert 5 <= len(planned.groups) <= 8
    cost = [sum(batch.seconds for batch in group.batches) for group in planned.groups]
    assert max(cost) < 2 * sum(cost) / len(cost)


def test_another_layout_gets_another_node():
    ledger = ledger_after(plan({}))
    keyed = re.compile(r"mill-4@[0-9a-f]{6}")
    for other in (plan({}, ledger, simulation={"duration": 4.0}), plan({"space": WIND}, ledger)):
        assert keyed.fullmatch(other.nodes[0].name)


def test_slots_given_out_but_never_filled_keep_their_group():
    planned = plan({"space": WIND})
    ledger = ledger_after(planned)
    pending = {
        name: dataclasses.replace(node, status=np.zeros_like(node.status))
        for name, node in ledger.nodes.items()
    }
    again = plan({"space": WIND}, Ledger(pending))
    assert states(again) == [BatchState.UNFINISHED] * len(planned.batches)
    assert [group.name for group in again.groups] == [group.name for group in planned.groups]
