"""The rules of the house, held by tests: who may import whom, how long a module is, what is not a name."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "molenspin"
MODULES = sorted(PACKAGE.rglob("*.py"))

LADDER: tuple[tuple[str, ...], ...] = (
    ("errors", "status", "integrators", "provenance"),
    ("strict_yaml", "user_paths", "argument_types", "output"),
    ("config", "assembly"),
    ("backends", "sweep", "mills"),
    ("simulation",),
    ("timing", "profiling", "store"),
    ("jobs", "analysis"),
    ("report",),
    ("pipeline",),
    ("commands",),
    ("__init__", "__main__", "bench"),
)
"""A module imports from rungs above its own and from its own package; modules of one rung do not meet."""

RUNG = {name: number for number, names in enumerate(LADDER) for name in names}

DOORS = {("assembly/assembly.py", "simulation")}
"""Imports against the ladder: `Assembly.simulate` and `simulate_ensemble` are there for the user's ease."""

CONTRIBUTING = ROOT / "CONTRIBUTING.md"
SHOWN_LADDER = re.compile(r"(?:^    .+\n)+", re.MULTILINE)

LINE_LIMIT = 400

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "misc", "common"}


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    """First name under the package: ``assembly/gears.py`` gives ``assembly``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)} imports relatively"
            names = [node.module or ""]
            if node.module == "molenspin":
                names = [f"molenspin.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("molenspin."))


def with_ladder(text: str) -> str:
    """The text of CONTRIBUTING with `LADDER` as its first indented lines, a rung each."""
    rungs = "\n      < ".join(", ".join(names) for names in LADDER)
    return SHOWN_LADDER.sub(f"    {rungs}\n", text, count=1)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_go_up_the_ladder(path: Path):
    own = part_of(path)
    assert own in RUNG, f"give {own} a rung of the ladder"
    for other in imported_parts(path):
        if other in (own, "_core") or (relative(path), other) in DOORS:
            continue
        assert other in RUNG, f"{relative(path)} imports {other} through the package; import its module"
        assert RUNG[other] < RUNG[own], f"{relative(path)} must not import {other}"


def test_every_door_is_used():
    for name, other in DOORS:
        assert other in imported_parts(PACKAGE / name)


def test_only_the_backends_and_what_wraps_the_core_import_it():
    users = {part_of(path) for path in MODULES if "_core" in imported_parts(path)}
    assert users <= {"backends", "provenance", "profiling", "timing"}


def test_contributing_shows_the_ladder():
    shown, current = CONTRIBUTING.read_text(), with_ladder(CONTRIBUTING.read_text())
    assert shown == current, "run `python tests/test_architecture.py`: it draws the ladder anew"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_module_is_short(path: Path):
    lines = len(path.read_text().splitlines())
    assert lines <= LINE_LIMIT, f"{lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_module_says_what_it_is(path: Path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_no_catch_all_names():
    folders = [ROOT / name for name in ("molenspin", "rust", "workflow", "tests")]
    files = [path for folder in folders for path in folder.rglob("*") if "target" not in path.parts]
    assert not [path for path in files if path.stem.lower() in FORBIDDEN_NAMES]


def test_changelog_has_an_unreleased_section():
    assert "\n## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text()


def test_core_crate_knows_nothing_of_python():
    manifest = tomllib.loads((ROOT / "rust" / "core" / "Cargo.toml").read_text())
    assert not [name for name in manifest.get("dependencies", {}) if "py" in name.lower()]


def test_version_stands_in_one_place():
    """The package takes it from the workspace, through maturin."""
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", workspace["package"]["version"])
    for manifest in (ROOT / "rust").glob("*/Cargo.toml"):
        assert tomllib.loads(manifest.read_text())["package"]["version"] == {"workspace": True}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]


if __name__ == "__main__":
    CONTRIBUTING.write_text(with_ladder(CONTRIBUTING.read_text()))
