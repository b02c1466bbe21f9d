"""Whatever was edited before: tables are those of a fresh folder, and nothing is done twice."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from whole_sweep import run_whole

WINCH = """
name: {name}
bodies:
- {{name: motor, inertia: 0.4, mass: 30}}
- {{name: drum, inertia: 6.0, mass: 120}}
elements:
- {{type: Excitation, a: motor, dof: spin, mean: 40.0, amplitude: 5.0, frequency: 2.0, name: drive}}
- {{type: ElasticShaft, a: motor, b: drum, stiffness: {stiffness}, damping: 0.5, name: shaft}}
- {{type: Load, a: drum, viscous: 20.0, name: load}}
"""

FILES = ("v1/winch.yaml", "v2/winch.yaml", "crane.yaml")
"""Two of one stem, in two folders."""


def some_of(*values, least=1):
    return st.lists(st.sampled_from(values), min_size=least, max_size=len(values), unique=True)


blocks = st.fixed_dictionaries(
    {
        "assemblies": some_of(*FILES).map(lambda files: [{"files": files}]),
        "dt": some_of(0.01, 0.005),
        "integrators": some_of("rk4", "verlet", "euler"),
        "backends": some_of("numpy", "rust"),
    },
    optional={
        "space": some_of(100.0, 300.0, 500.0).map(lambda values: {"grid": {"shaft.stiffness": values}}),
        "where": st.just("dt < 0.01 or integrator == 'rk4'"),
    },
).filter(lambda block: "where" not in block or 0.005 in block["dt"] or "rk4" in block["integrators"])

configurations = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["one", "other"]),
        "sweep": st.lists(blocks, min_size=1, max_size=2),
        "simulation": st.sampled_from([0.1, 0.2]).map(
            lambda duration: {"duration": duration, "save_interval": 0.05}
        ),
        "timing": st.sampled_from(
            [
                {"repeats": 0},
                {"repeats": 1, "warm_up": 0, "visits": 1},
                {"repeats": 1, "warm_up": 0.0, "visits": 1, "where": "backend == 'rust' or dt < 1"},
            ]
        ),
        "storage": st.sampled_from([{}, {"url": "shared.zarr"}, {"batch_members": 2}]),
    }
)

edits = st.tuples(st.dictionaries(st.sampled_from(FILES), st.sampled_from([200.0, 4000.0])), configurations)
"""Files to write anew, with another stiffness, and the configuration after that."""


def absolute(config, folder, turned=False):
    """The configuration with its places in a folder, its keys in one order or the other."""
    storage = dict(config["storage"])
    if "url" in storage:
        storage["url"] = str(folder / storage["url"])
    sweep = [
        block | {"assemblies": [{"files": [str(folder / f) for f in block["assemblies"][0]["files"]]}]}
        for block in config["sweep"]
    ]
    placed = config | {"sweep": sweep, "storage": storage, "outputs": {"directory": str(folder / "results")}}
    return dict(reversed(placed.items())) if turned else placed


def write_files(folder, stiffnesses):
    for file, stiffness in stiffnesses.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(WINCH.format(name=path.stem, stiffness=stiffness))


def check(history):
    with TemporaryDirectory() as folder:
        used, fresh = Path(folder) / "used", Path(folder) / "fresh"
        known = dict.fromkeys(FILES, 200.0)
        computed: dict[str, set[int]] = {}
        timed: dict[str, set[tuple[object, ...]]] = {}
        for written, config in history:
            known |= written
            write_files(used, known)
            last = run_whole(absolute(config, used))
            store = config["storage"].get("url", config["name"])
            before = computed.setdefault(store, set())
            assert last.computed == len(last.asked - before)
            before |= last.asked
            check_timed(last.timed, timed.setdefault(config["name"], set()))
        write_files(fresh, known)
        expected = run_whole(absolute(config, fresh))
        for name, table in expected.tables.items():
            pd.testing.assert_frame_equal(without_times(last.tables[name]), without_times(table))
        again = run_whole(absolute(config, used, turned=True))
        assert (again.computed, again.timed) == (0, frozenset())


def check_timed(now, before):
    """A case is timed again only as the baseline of a backend that was not timed yet."""
    new = {pair[:-1] for pair in now - before}
    assert all(pair[-1] == "numpy" and pair[:-1] in new for pair in now & before)
    before |= now


def without_times(table):
    return table.drop(columns=[name for name in ("elapsed",) if name in table])


def test_tables_are_those_of_a_fresh_folder(request):
    count = request.config.getoption("--histories")
    # Shrinking a history takes minutes: a failing one is printed as it was found.
    search = settings(max_examples=count, phases=[Phase.generate])
    search(given(st.lists(edits, min_size=2, max_size=4))(check))()
