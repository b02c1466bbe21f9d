"""Nodes and batches against stores made by hand: what is held, what runs again, where new cases go."""

import dataclasses

import numpy as np
import pytest

from molenspin.config import config_from_mapping
from molenspin.config.models import Storage
from molenspin.status import CaseStatus
from molenspin.sweep.batches import UNASSIGNED, BatchState, fingerprint_number, node_batches
from molenspin.sweep.cases import expand
from molenspin.sweep.cost import nominal_seconds
from molenspin.sweep.layout import plan_nodes
from molenspin.sweep.ledger import Ledger, NodeLedger
from molenspin.sweep.plan import make_plan

CODE = {"numpy": "1" * 64, "rust": "2" * 64}
OTHER_CODE = 3


def config(count=5, *, storage=None, **settings):
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.002],
        "integrators": ["rk4"],
        "backends": ["rust"],
        "space": {"grid": {"sail_spur0.wind_speed": list(range(5, 5 + count))}},
    }
    sweep = [block | {name: settings.pop(name) for name in list(settings) if name in (*block, "where")}]
    return config_from_mapping(
        {"sweep": sweep, "storage": {"batch_members": 2} | (storage or {}), **settings}
    )


def held(node, identities, **columns):
    """What a store holds of these cases: all done by the present code, unless columns say otherwise."""
    count = len(identities)
    columns = {
        "fingerprint": [fingerprint_number(CODE["rust"])] * count,
        "status": [CaseStatus.OK] * count,
        "group": [0] * count,
    } | columns
    kinds = {"fingerprint": np.uint64, "status": np.int8, "group": np.int32}
    arrays = {name: np.array(values, kinds[name]) for name, values in columns.items()}
    return NodeLedger(
        layout=node.layout.digest,
        batch_size=node.batch_size,
        identity=np.array(identities, np.uint64),
        **arrays,
    )


def batches(config, ledger_of=None):
    """Batches of the only node, beside a ledger made from that node and the identities of its cases."""
    series = expand(config)
    (node,) = plan_nodes(config, series, Ledger())
    identities = np.concatenate([item.identities for item in series])
    return list(node_batches(node, series, ledger_of and ledger_of(node, identities), CODE)), identities


def summary(found):
    return [(batch.index, batch.slots, batch.state.value, batch.group) for batch in found]


def test_new_cases_fill_batches_from_the_first_slot():
    found, identities = batches(config(5))
    assert summary(found) == [
        (0, (0, 2), "new", UNASSIGNED),
        (1, (2, 4), "new", UNASSIGNED),
        (2, (4, 5), "new", UNASSIGNED),
    ]
    assert np.concatenate([batch.identities for batch in found]).tolist() == identities.tolist()
    assert [batch.case_count for batch in found] == [2, 2, 1]


def test_cases_that_a_store_lacks_begin_a_batch_after_its_last():
    found, identities = batches(config(5), lambda node, ids: held(node, ids[[3, 0, 2]], group=[4, 4, 7]))
    assert summary(found) == [
        (0, (0, 2), "done", 4),
        (1, (2, 3), "done", 7),
        (2, (4, 6), "new", UNASSIGNED),
    ]
    assert [batch.identities.tolist() for batch in found] == [
        identities[rows].tolist() for rows in ([3, 0], [2], [1, 4])
    ]


def test_a_full_store_ends_where_its_last_batch_does():
    found, _ = batches(config(3), lambda node, ids: held(node, ids[:2]))
    assert [batch.slots for batch in found] == [(0, 2), (2, 3)]


def test_only_batches_with_unfinished_or_other_cases_run_again():
    statuses = [CaseStatus.OK, CaseStatus.INTERRUPTED, CaseStatus.FAILED, CaseStatus.DIVERGED, CaseStatus.OK]
    current = fingerprint_number(CODE["rust"])
    codes = [OTHER_CODE, current, OTHER_CODE, current, current]
    found, _ = batches(config(5), lambda node, ids: held(node, ids, status=statuses, fingerprint=codes))
    assert [batch.state.value for batch in found] == ["unfinished", "stale", "done"]


def test_unused_slots_ask_for_nothing():
    def ledger_of(node, ids):
        status = [CaseStatus.OK, CaseStatus.PENDING, CaseStatus.OK, CaseStatus.OK]
        return held(node, [ids[0], 0, ids[1], ids[2]], status=status)

    found, _ = batches(config(3), ledger_of)
    assert summary(found) == [(0, (0, 1), "done", 0), (1, (2, 4), "done", 0)]


def test_cases_that_no_one_asks_for_are_passed_over():
    found, _ = batches(config(2), lambda node, ids: held(node, [7, 8, *ids]))
    assert summary(found) == [(1, (2, 4), "done", 0)]


def test_run_times_add_up_to_calls_stages_and_bodies():
    assert nominal_seconds("rust", 1000.0, 5, 10) == pytest.approx(1000 * (2e-7 + 5 * 10 * 8e-9))
    assert nominal_seconds("numpy", 1000.0, 5, 10) == pytest.approx(1000 * (2e-7 + 10 * 4e-5 + 5 * 10 * 8e-9))
    found, _ = batches(config(3))  # 1 s in steps of 0.002 s, four evaluations each
    assert [batch.seconds for batch in found] == [
        nominal_seconds("rust", 2000.0, 4, count) for count in (2, 1)
    ]
    done, _ = batches(config(3), held)
    assert [batch.seconds for batch in done] == [batch.seconds for batch in found]


def test_a_fingerprint_is_known_by_its_first_64_bits():
    assert fingerprint_number("0" * 14 + "1f" + "f" * 48) == 0x1F
    assert np.uint64(fingerprint_number("f" * 64)) == 2**64 - 1


def test_identities_are_found_wherever_they_are():
    ledger = held(*nodes(config(1)), [30, 10, 2**63 + 5, 20])
    slots, is_held = ledger.search().find(np.array([20, 5, 2**63 + 5, 30, 25, 2**64 - 1], np.uint64))
    assert slots.tolist() == [3, 2, 0]
    assert is_held.tolist() == [True, False, True, True, False, False]


def test_an_empty_store_holds_nothing():
    empty = held(*nodes(config(1)), [])
    slots, is_held = empty.search().find(np.array([1, 2], np.uint64))
    assert (slots.tolist(), is_held.tolist()) == ([], [False, False])
    assert Ledger().next_group == Ledger({"mill-4": empty}).next_group == 0


def test_new_groups_begin_after_the_last():
    (node,) = nodes(config(1))
    first, second = held(node, [1, 2, 3], group=[2, 5, -1]), held(node, [4], group=[3])
    assert Ledger({"mill-4": first, "mill-8": second}).next_group == 6


def nodes(config, ledger=None):
    return plan_nodes(config, expand(config), ledger or Ledger())


def test_bytes_of_a_case_count_bodies_and_constraints():
    (node,) = nodes(config(1, storage={"variables": ["angle", "velocity", "reaction"]}))
    constraints = len(node.layout.source.constraint_names)
    assert constraints != 4
    assert node.layout.sample_count == 51  # every 0.02 s of 1 s
    assert node.layout.case_bytes == 51 * 8 * (4 + 4 + constraints)


@pytest.mark.parametrize(
    ("cases_within_budget", "members", "size"), [(3, 64, 3), (3, 2, 2), (0.5, 64, 1), (4, 4, 4)]
)
def test_batches_are_as_large_as_memory_and_members_allow(cases_within_budget, members, size):
    (node,) = nodes(config(1))
    budget = cases_within_budget * node.layout.case_bytes / 2**20
    storage = Storage.model_construct(
        batch_mebibytes=budget, batch_members=members, variables=node.layout.variables
    )
    bounded = config(12).model_copy(update={"storage": storage})
    assert nodes(bounded)[0].batch_size == size


def test_batches_are_of_about_equal_size():
    assert nodes(config(10, storage={"batch_members": 4}))[0].batch_size == 4  # 4 + 4 + 2
    assert nodes(config(9, storage={"batch_members": 4}))[0].batch_size == 3


def test_the_largest_series_sets_the_batches_of_a_node():
    uneven = {"dt": [0.002, 0.001], "where": "dt == 0.001 or sail_spur0.wind_speed == 5"}
    assert nodes(config(9, storage={"batch_members": 8}, **uneven))[0].batch_size == 5  # 5 + 4, and 1


def test_a_node_keeps_its_name_and_its_batch_size():
    (first,) = nodes(config(10, storage={"batch_members": 4}))
    ledger = Ledger({"elsewhere": held(first, [])})
    (again,) = nodes(config(10, storage={"batch_members": 10}), ledger)
    assert (again.name, again.batch_size) == ("elsewhere", 4)


def test_other_contents_of_one_name_get_keys():
    longer = [nodes(config(1, simulation={"duration": duration}))[0] for duration in (2.0, 3.0)]
    keyed = f"mill-4@{longer[0].layout.source.content[:6]}"
    taken = Ledger({"mill-4": held(longer[0], [])})
    assert [node.name for node in nodes(config(1), taken)] == [keyed]
    more = Ledger(taken.nodes | {keyed: held(longer[1], [])})
    (node,) = nodes(config(1), more)
    assert node.name == f"{keyed}-{node.layout.digest}"


def planned(config, ledger=None):
    return make_plan(config, expand(config), ledger or Ledger(), CODE)


@pytest.mark.parametrize(("job_batches", "sizes"), [(2.5, [3, 3, 3, 2]), (2.0, [2, 2, 2, 2, 2, 1])])
def test_groups_are_filled_up_to_their_seconds_and_hold_one_backend(job_batches, sizes):
    """Eleven batches of equal cost for each backend."""
    both = config(22, backends=["rust", "numpy"], execution={"jobs": 100_000})
    cost = {batch.series: batch.seconds for batch in batches(both)[0]}
    for number, backend in enumerate(("rust", "numpy")):
        execution = both.execution.model_copy(update={"job_seconds": job_batches * cost[number]})
        plan = planned(both.model_copy(update={"execution": execution}))
        assert [len(group.batches) for group in plan.groups if group.backend == backend] == sizes
        assert [group.number for group in plan.groups] == list(range(len(plan.groups)))


@pytest.mark.parametrize("group", [0, 1, 5])
def test_what_a_store_holds_keeps_its_group_and_new_batches_get_the_next(group):
    (node,) = nodes(config(5))
    identities = expand(config(5))[0].identities[:2]
    plan = planned(config(5), Ledger({"mill-4": held(node, identities, group=[group] * 2)}))
    assert [(batch.state.value, batch.group) for batch in plan.batches] == [
        ("done", group),
        ("new", group + 1),
        ("new", group + 1),
    ]


def test_a_group_lists_its_chunks_by_node():
    plan = planned(
        config(3, assemblies=[{"family": "mill", "sizes": [4, 8]}], execution={"job_seconds": 1e6})
    )
    (group,) = plan.groups
    assert group.chunks == {"mill-4": [0, 1], "mill-8": [0, 1]}
    assert group.as_parameters() == {
        "name": "rust-0000",
        "number": 0,
        "backend": "rust",
        "chunks": group.chunks,
        "digest": group.digest,
    }


def test_a_group_is_done_when_all_its_batches_are():
    (group,) = planned(config(3, execution={"job_seconds": 1e6})).groups
    first, second = (dataclasses.replace(batch, state=BatchState.DONE) for batch in group.batches)
    assert dataclasses.replace(group, batches=(first, second)).done
    assert not dataclasses.replace(group, batches=(first, group.batches[1])).done


def test_batches_are_listed_by_state():
    plan = planned(config(3))
    first, second = plan.batches[0], dataclasses.replace(plan.batches[1], state=BatchState.DONE)
    mixed = dataclasses.replace(plan, batches=(first, second))
    assert (mixed.batches_in(BatchState.NEW), mixed.batches_in(BatchState.DONE)) == ((first,), (second,))


def test_a_plan_is_known_by_its_cases_and_its_code():
    first = planned(config(3))
    assert planned(config(3)).digest == first.digest
    assert planned(config(4)).digest != first.digest
    assert make_plan(first.config, first.series, Ledger(), CODE | {"rust": "4" * 64}).digest != first.digest
