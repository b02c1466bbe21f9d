"""Real mills: the table, the assembly files made from it, and the simulated speed ratios."""

from pathlib import Path

import pytest
import xarray as xr

from molenspin.assembly.yaml_format import load_assembly
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.jobs.executor import run_group
from molenspin.mills.drivetrain import mill_assembly
from molenspin.mills.files import write_mill_files
from molenspin.mills.ratios import agrees, completed_runs, ratio_table
from molenspin.mills.table import Mill, read_mills
from molenspin.pipeline.project import open_project, planned_job
from molenspin.store.preparation import prepare_store
from molenspin.store.selection import select, selected_results

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "data" / "mills.csv"
MILLS = read_mills(TABLE)

MISPRINTED = {"nederwaard1": 0.4982}
"""Mills whose printed ratio is not that of their tooth counts, and what the counts give."""


def simulated(mill: Mill) -> xr.Dataset:
    return mill_assembly(mill).simulate(duration=60, dt=0.01, save_every=100)


def test_assembly_files_are_those_that_the_table_makes(tmp_path: Path):
    made = write_mill_files(TABLE, tmp_path)
    kept = ROOT / "config" / "assemblies"
    assert {path.name for path in made} <= {path.name for path in kept.glob("*.yaml")}
    for path in made:
        assert (kept / path.name).read_text() == path.read_text(), f"make anew: {path.name}"
        assert load_assembly(path).compile().body_count >= 6


@pytest.mark.parametrize("mill", [mill for mill in MILLS if mill.published_ratio], ids=lambda mill: mill.key)
def test_simulated_ratio_is_the_published_one(mill: Mill):
    trajectory = simulated(mill)
    (row,) = ratio_table([mill], {mill.key: trajectory}).to_dict("records")
    if mill.key in MISPRINTED:
        assert row["agrees"] == "no"
        assert row["simulated"] == pytest.approx(MISPRINTED[mill.key], rel=5e-4)
    else:
        assert row["agrees"] == "yes"


def test_mill_with_two_branches_has_a_row_for_each():
    reigate = next(mill for mill in MILLS if mill.key == "reigate_heath")
    trajectory = simulated(reigate)
    table = ratio_table(MILLS, {"reigate_heath": trajectory})
    assert list(table["output"]) == ["stone_a", "stone_b"]
    assert list(table["simulated"]) == pytest.approx([104 / 33 * 80 / 23, 104 / 33 * 80 / 25], rel=5e-4)


def test_sails_settle_near_their_best_tip_speed_ratio():
    """Loads are sized for it: a mill that ran away or stalled would have a wrong load or inertia."""
    eolus = next(mill for mill in MILLS if mill.key == "eolus")
    speed = simulated(eolus)["angular_velocity"].sel(body="sails").isel(time=slice(30, None)).mean()
    assert float(speed) * 19.06 / 2 / 8.0 == pytest.approx(2.1, rel=0.1)


def test_table_of_a_stored_sweep_leaves_out_what_failed(tmp_path: Path):
    block = {
        "assemblies": [{"files": [str(ROOT / "config" / "assemblies" / "arkens.yaml")]}],
        "dt": [0.01, 0.5],
        "integrators": ["verlet"],
        "backends": ["rust"],
    }
    simulation = {"duration": 20, "save_interval": 0.5}
    config = {"sweep": [block], "simulation": simulation, "outputs": {"directory": str(tmp_path)}}
    project = open_project(config)
    prepare_store(project.plan, project.places.store)
    for group in project.plan.groups:
        run_group(planned_job(project.config, group.as_parameters()))
    found = selected_results(project.places.store, select(project.config, project.plan.series))
    runs = completed_runs({item.label: dataset for item, dataset in found})
    (row,) = ratio_table(MILLS, runs).to_dict("records")
    assert (row["mill"], row["runs"], row["agrees"]) == ("arkens", 1, "yes")


def test_trajectories_of_no_mill_are_refused():
    with pytest.raises(InvalidValueError, match="no mill of the table is among the assemblies mill4"):
        ratio_table(MILLS, {"mill4": xr.Dataset()})


@pytest.mark.parametrize(
    ("ratio", "printed", "expected"),
    [(1.9220, "1.92", True), (1.9251, "1.92", False), (0.4982, "0.5000", False), (0.4982, "0.5", True)],
)
def test_printed_digits_are_the_precision(ratio: float, printed: str, expected: bool):
    assert agrees(ratio, printed) is expected


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            ",59,wallower",
            ",many,wallower",
            "line 2: driver_teeth must be a whole number.*'many'",
        ),
        (",59,wallower", ",0,wallower", "line 2: driver_teeth must be a whole number.*'0'"),
        (",20.0,screw 1.48", ",-3,screw 1.48", "line 2: sail_span_m must be a number above 0"),
        (",20.0,screw 1.48", ",20.0,screw wide", "line 2: output_diameter_m must be a number above 0"),
        ("screw wheel", "dynamo", "branch main ends in 'dynamo'"),
        ("published_ratio", "ratio", "column 'published_ratio' is missing"),
    ],
)
def test_wrong_table_is_refused(tmp_path: Path, old: str, new: str, message: str):
    table = tmp_path / "mills.csv"
    table.write_text(TABLE.read_text().replace(old, new))
    with pytest.raises(MolenspinError, match=message):
        write_mill_files(table, tmp_path / "out")


def test_missing_table_is_refused(tmp_path: Path):
    with pytest.raises(InvalidValueError, match="cannot read"):
        read_mills(tmp_path / "none.csv")
