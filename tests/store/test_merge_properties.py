"""Properties of merged stores, whatever the stores hold: order and grouping do not matter, conflicts do."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import make_store

from molenspin.errors import MergeConflictError
from molenspin.status import CaseStatus
from molenspin.store.location import open_root
from molenspin.store.merging import merge_stores

WINDS = (4.0, 8.0, 12.0)


@dataclass(frozen=True)
class Part:
    """What one machine computed: some of the winds, with one end."""

    winds: frozenset[float]
    machine: str
    status: CaseStatus
    offset: float


parts = st.builds(
    Part,
    winds=st.sets(st.sampled_from(WINDS), min_size=1).map(frozenset),
    machine=st.sampled_from(["a", "b"]),
    status=st.sampled_from([CaseStatus.OK, CaseStatus.DIVERGED, CaseStatus.FAILED]),
    offset=st.sampled_from([0.0, 1e-9, 1.0]),  # the same, the same but for rounding, another trajectory
)
few = settings(max_examples=6)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Stores by what they hold, each made once."""
    folder, made = tmp_path_factory.mktemp("stores"), {}

    def store(part: Part) -> str:
        if part not in made:
            made[part] = make_store(
                str(folder / str(len(made))),
                speeds=sorted(part.winds),
                offset=part.offset,
                status=part.status,
                machine=part.machine,
                elapsed=0.5 + part.offset,
            )
        return made[part]

    return store


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """Merge two stores into a new one; None, or that of a conflict, gives None."""
    folder, numbers = tmp_path_factory.mktemp("merged"), count()

    def merge(first: str | None, second: str | None) -> str | None:
        if first is None or second is None:
            return None
        target = str(folder / str(next(numbers)))
        try:
            merge_stores(first, second, target)
        except MergeConflictError:
            assert not Path(target).exists()
            return None
        return target

    return merge


def content(url: str | None) -> object:
    """Everything that a store holds, attributes included."""
    if url is None:
        return None
    root = open_root(url)
    nodes = {
        name: (node.attrs.asdict(), {array: str(values[:].tolist()) for array, values in node.arrays()})
        for name, node in root.groups()
    }
    return root.attrs.asdict(), nodes


@few
@given(parts, parts, parts)
def test_neither_order_nor_grouping_nor_repetition_matters(stores, merged, one, two, three):
    a, b, c = stores(one), stores(two), stores(three)
    both = merged(a, b)
    assert content(merged(b, a)) == content(both)
    assert content(merged(both, c)) == content(merged(a, merged(b, c)))
    assert content(merged(both, a)) == content(both)


@few
@given(parts, parts)
def test_a_conflict_is_named_by_both_machines_and_only_for_shared_cases(stores, merged, one, other):
    physical = {CaseStatus.OK, CaseStatus.DIVERGED}
    both_end = one.winds & other.winds and {one.status, other.status} <= physical
    moved = one.status is CaseStatus.OK and abs(one.offset - other.offset) > 0.5
    expected = bool(both_end) and (one.status is not other.status or moved)
    assert (merged(stores(one), stores(other)) is None) is expected
    if expected:
        with pytest.raises(MergeConflictError) as caught:
            merge_stores(stores(one), stores(other), "absent/place")
        message = str(caught.value)
        assert message.count(" against ") == len(one.winds & other.winds)
        assert f"{one.machine} ({one.status.label})" in message
        assert f"{other.machine} ({other.status.label})" in message
