"""Names in tables: one for each content, as short as tells them apart."""

from dataclasses import replace

import pytest

from molenspin.assembly.families import benchmark_assembly
from molenspin.config import config_from_mapping
from molenspin.sweep.cases import Series, case_key, expand
from molenspin.sweep.labels import keyed_name, shared_names
from molenspin.sweep.layout import layout_labels, layouts_of, plan_nodes, series_labels
from molenspin.sweep.ledger import Ledger
from molenspin.sweep.plan import make_plan
from molenspin.sweep.source import AssemblySource

BLOCK = {
    "assemblies": [{"family": "mill", "sizes": [4, 8]}],
    "dt": [0.002, 0.001],
    "integrators": ["rk4"],
    "backends": ["rust"],
}
CODE = {"rust": "1" * 64}


def config(**changes):
    return config_from_mapping({"sweep": [BLOCK | changes]})


def of_file(series: Series, name: str, size: int) -> Series:
    """The same settings on an assembly from a file of this name."""
    return replace(series, source=AssemblySource(name, "", benchmark_assembly("mill", size)))


@pytest.fixture
def series():
    return expand(config(assemblies=[{"family": "mill", "sizes": [4]}]))


def test_a_name_is_shared_where_two_contents_have_it():
    assert shared_names({"a": "mill", "b": "mill", "c": "rig"}) == {"mill"}
    assert shared_names({"a": ("mill", 4), "b": ("mill", 8)}) == set()
    assert keyed_name("mill", "0123456789") == "mill@012345"
    assert case_key(0x1F) == "000000000000001f"


def test_sizes_and_parameters_of_a_family_share_its_name():
    varied = {"sweep": [BLOCK, BLOCK | {"space": {"grid": {"sail_spur0.wind_speed": [5]}}}]}
    checked = config_from_mapping(varied)
    assert set(series_labels(checked, expand(checked))) == {"mill"}


def test_files_of_one_name_are_told_apart_and_others_left_alone(series):
    files = [of_file(series[0], name, size) for name, size in (("a", 4), ("a", 8), ("b", 12), ("c", 4))]
    keyed = [f"a@{item.source.content[:6]}" for item in files]
    assert series_labels(config(), files) == [keyed[0], keyed[1], "b", keyed[0]]  # c is a
    assert series_labels(config(), files[:1]) == ["a"]
    assert [node.name for node in plan_nodes(config(), files[:2], Ledger())] == keyed[:2]


def test_a_file_named_as_a_family_is_told_apart_from_it(series):
    both = [series[0], of_file(series[0], "mill", 8)]
    assert series_labels(config(), both) == ["mill", f"mill@{both[1].source.content[:6]}"]


def test_layouts_list_their_series(series):
    files = [of_file(series[0], "a", 4), of_file(series[0], "a", 8), of_file(series[1], "a", 4)]
    found = layouts_of(config(), files)
    assert [numbers for _, numbers in found.values()] == [(0, 2), (1,)]
    labels = layout_labels({digest: layout for digest, (layout, _) in found.items()})
    assert list(labels) == [layout.digest for layout, _ in found.values()]


def test_what_a_plan_asks_for_follows_cases_code_and_names(series):
    def asked(cases, code=CODE):
        return make_plan(config(), tuple(cases), Ledger(), code).asked

    first = asked(series)
    assert asked(series) == first
    renamed = [of_file(item, "a", 4) for item in series]
    others = [asked(series[:1]), asked(series, {"rust": "2" * 64}), asked(renamed)]
    assert len({first, *others}) == 4
