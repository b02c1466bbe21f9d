# ruff: noqa: E501  (a row of the table is a line)
"""Wrong configurations: one screen that says where and what to do, exit code 2, nothing changed on disk."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from molenspin.commands.entry_point import main
from molenspin.config.models import Config
from molenspin.strict_yaml import dump_yaml

ROOT = Path(__file__).parents[2]
SCREEN = 12

GOOD = """\
name: x
sweep:
- assemblies: [{family: mill, sizes: [4]}]
  dt: [0.002]
  integrators: [rk4]
  backends: [numpy]
simulation: {duration: 0.2, save_interval: 0.02}
"""


def top(text: str) -> str:
    """One more top-level key."""
    return GOOD + text


def block(text: str) -> str:
    """One more key of the block."""
    return GOOD.replace("simulation:", f"  {text}\nsimulation:")


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def files(text: str) -> str:
    return changed("{family: mill, sizes: [4]}", f"{{files: [{text}]}}")


def space(text: str) -> str:
    return block(f"space: {{{text}}}")


def axes(text: str) -> str:
    return space(f"sobol: {{count: 4, axes: {{{text}}}}}")


WIND = "sail_spur0.wind_speed"

BAD: dict[str, tuple[str, str]] = {
    # the file
    "list": ("- 1", "a mapping of keys is needed, not list"),
    "unclosed": ("name: [", "line 1: not valid YAML"),
    "tag": (top("outputs: !!python/object/apply:os.system [true]"), "line 8: not valid YAML: tags"),
    "alias": (top("timing: &a {repeats: 6}\nexecution: *a"), "line 9: not valid YAML: aliases"),
    "key twice": (top("name: y"), "line 8: not valid YAML: the key 'name' stands twice"),
    "two documents": (top("---\nname: y"), "not valid YAML: but found another document"),
    "nested without end": ("sweep: " + "[" * 3000, "not valid YAML: nested too deeply"),
    "key that is a number": (top("3: 4"), "[3]: keys should be strings"),
    # names and paths
    "unknown key": (top("sweeps: []"), 'sweeps: unknown key; did you mean "sweep"?'),
    "unknown key below": (top("timing: {repeat: 6}"), 'timing.repeat: unknown key; did you mean "repeats"?'),
    "name leads out": (changed("name: x", "name: ../../x"), "name: a name begins with a letter or digit"),
    "name is a path": (changed("name: x", "name: /etc/x"), "name: a name begins with a letter or digit"),
    "hidden name": (changed("name: x", "name: .x"), "name: a name begins with a letter or digit"),
    "name with a line break": (changed("name: x", 'name: "x\\n"'), "name: a name begins with"),
    "name with a zero byte": (changed("name: x", 'name: "x\\0"'), "name: a name begins with"),
    "name with a command": (changed("name: x", "name: x;reboot"), "name: a name begins with"),
    "long name": (changed("name: x", "name: " + "x" * 101), "name: string should have at most 100"),
    "empty name": (changed("name: x", "name: ''"), "name: a name begins with"),
    "name is a number": (changed("name: x", "name: 7"), "name: input should be a valid string"),
    "file that is not there": (files("none.yaml"), "sweep[0].assemblies[0].files: none.yaml is not a file"),
    "file that is a folder": (files("/etc"), "files: /etc is not a file"),
    "file that is a device": (files("/dev/zero"), "files: /dev/zero is not a file"),
    "file of another kind": (files("config.yaml"), "config.yaml: top level: unknown key 'sweep'"),
    "file twice": (files("a.yaml, a.yaml"), "files: a.yaml stands here more than once"),
    "store among files": (top("storage: {url: '.'}"), "holds something else than results"),
    "store of an unknown scheme": (top("storage: {url: 'gopher://x/y'}"), "storage.url gopher://x/y: "),
    "empty output folder": (
        top("outputs: {directory: ''}"),
        "outputs.directory: string should have at least",
    ),
    "output folder that is a file": (
        top("outputs: {directory: config.yaml}"),
        "outputs.directory: config.yaml is not a folder; choose another place",
    ),
    "output folder with a wildcard": (
        top("outputs: {directory: 'results/{run}'}"),
        "outputs.directory: a path without braces is needed",
    ),
    "store with a wildcard": (top("storage: {url: '{x}.zarr'}"), "storage.url: a path without braces is"),
    "file with a wildcard": (files("'{x}.yaml'"), "sweep[0].assemblies[0].files[0]: a path without braces"),
    "folder with a zero byte": (top('outputs: {directory: "a\\0b"}'), "outputs.directory: a path must be"),
    "home of nobody": (top("storage: {url: ~nobody-here/x}"), "storage.url: path '~nobody-here/x': there is"),
    "folder of a long name": (
        top("outputs: {directory: " + "x" * 300 + "}"),
        "a name in it is longer than 255 bytes",
    ),
    # types
    "sweep is a mapping": ("sweep: {dt: [1]}", "sweep: input should be a valid list"),
    "sweep is empty": ("sweep: []", "sweep: list should have at least 1 item"),
    "block is a number": ("sweep: [1]", "sweep[0]: input should be a valid dictionary"),
    "dt alone": (changed("dt: [0.002]", "dt: 0.002"), "sweep[0].dt: input should be a valid list"),
    "dt is text": (changed("0.002", "fast"), "sweep[0].dt[0]: input should be a valid number"),
    "dt is yes": (changed("0.002", "yes"), "sweep[0].dt[0]: a number is needed, not true"),
    "dt is null": (changed("0.002", "null"), "sweep[0].dt[0]: input should be a valid number"),
    "dt is a time of day": (changed("0.002", "1:30"), "sweep[0].dt[0]: input should be a valid number"),
    "section is a list": (top("timing: [6]"), "timing: input should be a valid dictionary"),
    "repeats is a fraction": (
        top("timing: {repeats: 6.5}"),
        "timing.repeats: input should be a valid integer",
    ),
    "integrator is a number": (changed("[rk4]", "[4]"), "sweep[0].integrators[0]: 4 is not allowed"),
    # ranges
    "dt below zero": (changed("0.002", "-0.002"), "sweep[0].dt[0]: input should be greater than 0"),
    "dt is not a number": (changed("0.002", ".nan"), "sweep[0].dt[0]: input should be a finite number"),
    "dt is infinite": (changed("0.002", ".inf"), "sweep[0].dt[0]: input should be "),
    "dt overflows": (changed("0.002", "1e999"), "sweep[0].dt[0]: input should be "),
    "dt of hundreds of digits": (changed("0.002", "9" * 400), "sweep[0].dt[0]: "),
    "dt is tiny": (changed("0.002", "1e-300"), "are more than 1e+09 steps or states"),
    "dt does not divide": (changed("0.002", "0.003"), "dt 0.003 s does not divide the save interval"),
    "dt above the interval": (changed("0.002", "0.04"), "dt 0.04 s does not divide the save interval"),
    "dt twice": (changed("[0.002]", "[0.002, 2e-3]"), "sweep[0].dt: 0.002 stands here more than once"),
    "duration is no multiple": (
        changed("duration: 0.2", "duration: 0.21"),
        "no multiple of the save interval",
    ),
    "duration is huge": (changed("duration: 0.2", "duration: 1e11"), "are more than 1e+09 steps or states"),
    "interval is huge": (changed("save_interval: 0.02", "save_interval: 1e13"), "simulation.save_interval: "),
    "tolerance is zero": (
        changed("duration: 0.2", "tolerance: 0"),
        "simulation.tolerance: input should be gr",
    ),
    "size is no multiple of four": (changed("[4]", "[5]"), "sizes: size of mill must be a positive multiple"),
    "size is zero": (changed("[4]", "[0]"), "sweep[0].assemblies[0].sizes[0]: input should be greater"),
    "size is beyond all": (changed("[4]", "[4000000000]"), "sizes[0]: input should be less than"),
    "size is beyond integers": (changed("[4]", f"[{'9' * 30}]"), "sizes[0]: "),
    "a billion threads": (top("execution: {threads: 1000000000}"), "execution.threads: input should be less"),
    "no threads": (
        top("execution: {threads: 0}"),
        "execution.threads: input should be greater than or equal",
    ),
    "batches of nothing": (
        top("storage: {batch_mebibytes: 0}"),
        "storage.batch_mebibytes: input should be gre",
    ),
    "error above a tenth": (
        top("storage: {relative_error: 0.5}"),
        "storage.relative_error: input should be l",
    ),
    # choices
    "unknown family": (
        changed("mill", "mil"),
        "sweep[0].assemblies[0].family: 'mil' is not allowed; did you",
    ),
    "unknown integrator": (
        changed("[rk4]", "[rk5]"),
        "sweep[0].integrators[0]: 'rk5' is not allowed; did you",
    ),
    "unknown backend": (changed("[numpy]", "[numpi]"), "backend 'numpi' is not known; did you mean 'numpy'?"),
    "backend as a path": (changed("[numpy]", "['../x']"), "sweep[0].backends[0]: a name begins with"),
    "unknown codec": (
        top("storage: {codec: lz5}"),
        "storage.codec: 'lz5' is not allowed; did you mean \"lz4\"?",
    ),
    "unknown variable": (top("storage: {variables: [angel]}"), 'did you mean "angle"?'),
    "unknown device": (top("execution: {device: gpu}"), "execution.device: a device is auto, cpu, mps, cuda"),
    "neither family nor files": (
        changed("family: mill, ", ""),
        "give either 'family' with 'sizes', or 'files'",
    ),
    # spaces
    "two spaces": (
        space(f"grid: {{{WIND}: [7]}}, zip: {{{WIND}: [7]}}"),
        "sweep[0].space: give exactly one of",
    ),
    "axis of nothing": (space("grid: {wind: [7]}"), "an axis is named component.field"),
    "axis of an unknown component": (space("grid: {sial_spur0.wind_speed: [7]}"), "sail_spur0"),
    "axis of an unknown field": (space("grid: {sail_spur0.wind: [7]}"), "wind_speed"),
    "axis that is executed": (space("grid: {a.__class__: [7]}"), "axis a.__class__"),
    "axis value of text": (space(f"grid: {{{WIND}: [brisk]}}"), f"axis {WIND}, assembly mill-4: numbers are"),
    "axis value not allowed": (
        space("grid: {spur0.inertia: [-1]}"),
        "inertia of member 0 must be a finite number above 0",
    ),
    "axis value not a number": (space(f"grid: {{{WIND}: [.nan]}}"), "a finite number is needed"),
    "grid without axes": (space("grid: {}"), "sweep[0].space.grid: at least one axis is needed"),
    "zip without axes": (space("zip: {}"), "sweep[0].space.zip: at least one axis is needed"),
    "empty grid in a product": (
        space(f"product: [{{grid: {{{WIND}: [7]}}}}, {{grid: {{}}}}]"),
        "sweep[0].space.product[1].grid: at least one axis is needed",
    ),
    "samples without axes": (axes(""), "sweep[0].space.sobol.axes: at least one axis is needed"),
    "space without a key": (space(""), "sweep[0].space: give exactly one of"),
    "product of nothing": (space("product: []"), "sweep[0].space.product: list should have at least 1 item"),
    "family without sizes": (changed("[4]", "[]"), "assemblies[0]: 'family' and 'sizes' belong together"),
    "file without a name": (files("''"), "sweep[0].assemblies[0].files[0]: string should have at least 1"),
    "empty condition": (block("where: ''"), "sweep[0].where: string should have at least 1 character"),
    "empty store": (top("storage: {url: ''}"), "storage.url: string should have at least 1 character"),
    "empty table of mills": (top("outputs: {mill_table: ''}"), "outputs.mill_table: string should have at"),
    "section without keys": (top("timing:"), "timing: input should be a valid dictionary"),
    "millions of blocks": (f"sweep: [{'1,' * 20_000}]", "sweep: list should have at most 10000 items"),
    "many wrong sizes": (changed("[4]", f"[{'0,' * 9_000}]"), "sizes[0]: input should be greater"),
    "axis without values": (space(f"grid: {{{WIND}: []}}"), "list should have at least 1 item"),
    "zip of two lengths": (space(f"zip: {{{WIND}: [7], dt: [0.001, 0.002]}}"), "must have one length"),
    "grid without bound": (
        space(
            ", ".join(
                [
                    "product: ["
                    + ", ".join(f"{{grid: {{a.f{i}: {list(range(100))}}}}}" for i in range(6))
                    + "]"
                ]
            )
        ),
        "points, more than 1e+08",
    ),
    "spaces in spaces without end": (space("concat: [{" * 40 + "grid: {a.b: [1]}" + "}]" * 40), "axis a.b"),
    "bounds in the wrong order": (axes(f"{WIND}: {{low: 9, high: 7}}"), "high (7) must be above low (9)"),
    "logarithm of nothing": (
        axes(f"{WIND}: {{low: 0, high: 7, scale: log}}"),
        "a log scale needs low above 0",
    ),
    "sampled dt": (axes("dt: {low: 1, high: 2}"), "dt cannot be sampled: list its values in a grid or zip"),
    "dt given twice": (
        space("grid: {dt: [0.001]}"),
        "sweep[0].dt and an axis 'dt' in sweep[0].space: give one",
    ),
    # conditions
    "condition is a call": (
        block("where: \"__import__('os')\""),
        "is not allowed here; a condition holds names",
    ),
    "condition reaches inside": (block('where: "dt.__class__ == 1"'), "unknown name 'dt.__class__'"),
    "condition with an unknown name": (
        block('where: "size < 4 and dtt < 1"'),
        "unknown name 'dtt'; did you mean",
    ),
    "condition is a number": (block('where: "dt + 1"'), "is not a condition"),
    "condition is no expression": (block('where: "dt <"'), "is not an expression"),
    "condition keeps nothing": (block('where: "dt > 1"'), "no case is left; loosen the 'where' conditions"),
    "power of powers": (block('where: "9 ** 9 ** 9 > 1"'), "is not allowed here"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What `molenspin plan` says; checks that it is one screen, exit code 2, and nothing else."""
    (folder / "config.yaml").write_text(text)
    code = main(["plan", "config.yaml"])
    printed = capsys.readouterr()
    assert code == 2, printed.out
    assert printed.err.startswith("molenspin: ")
    assert printed.err.count("\n") <= SCREEN
    assert [entry.name for entry in folder.iterdir()] == ["config.yaml"]
    return printed.err


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_config_is_refused_on_one_screen(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
):
    assert message in refusal(text, folder, capsys)


def test_the_good_config_is_good(folder: Path):
    (folder / "config.yaml").write_text(GOOD)
    assert main(["plan", "config.yaml"]) == 0


@pytest.mark.parametrize("name", ["condition is a call", "tag"])
def test_snakemake_refuses_it_too(folder: Path, name: str):
    text, message = BAD[name]
    (folder / "config.yaml").write_text(text)
    snakemake = [sys.executable, "-m", "snakemake", "--cores", "1", "--directory", str(folder)]
    process = subprocess.run(
        [*snakemake, "--snakefile", str(ROOT / "Snakefile"), "--configfile", "config.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode != 0
    assert "Traceback" not in process.stderr
    assert name == "tag" or message in process.stderr
    assert not (folder / "results").exists()


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["rk4", "numpy", "mill", "dt", WIND, "1e3", "../x", 10**400, 1e-320, -0.0, 4, 0.002])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([WIND, "dt", "a.b", "low", "high", "count"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def like(schema: dict, definitions: dict) -> st.SearchStrategy:
    """Values near to what a part of the schema allows: its keys, with anything below them now and then."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return st.deferred(lambda: like(definitions[name], definitions)) | VALUES
    if "properties" in schema:
        keys = {key: like(value, definitions) for key, value in schema["properties"].items()}
        return st.fixed_dictionaries({}, optional=keys)
    if "anyOf" in schema:
        return st.one_of(*(like(option, definitions) for option in schema["anyOf"]))
    if schema.get("type") == "array":
        return st.lists(like(schema.get("items", {}), definitions), max_size=2) | VALUES
    numbers = [1, 2, 4, 0.02, 0.2, schema.get("maximum", 0)]
    return st.sampled_from(schema.get("enum", numbers)) | VALUES


SCHEMA = Config.model_json_schema()
CONFIGS = like({"properties": SCHEMA["properties"]}, SCHEMA["$defs"]) | VALUES


def survives(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """`molenspin config --check` takes it or refuses it on one screen, and never breaks."""
    path = folder / "config.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    code = main(["config", "--check", "config.yaml"])
    printed = capsys.readouterr().err
    assert code in {0, 2}
    assert printed.count("\n") <= SCREEN
    assert (code == 0) == (printed == "")


FUZZ = settings(max_examples=150)


@FUZZ
@given(data=CONFIGS)
def test_any_config_is_taken_or_refused(folder: Path, capsys: pytest.CaptureFixture[str], data: object):
    survives(folder, capsys, yaml.safe_dump(data, allow_unicode=True))


@FUZZ
@given(start=st.integers(0, len(GOOD)), stop=st.integers(0, len(GOOD)), noise=st.text(max_size=6))
def test_any_damage_to_a_good_config_is_survived(
    folder: Path, capsys: pytest.CaptureFixture[str], start: int, stop: int, noise: str
):
    survives(folder, capsys, GOOD[:start] + noise + GOOD[stop:])


TOKENS = st.sampled_from(
    ["dt", "size", "integrator", "==", "<", "in", "not", "and", "or", "(", ")", "[", "]", "'rk4'", "1", "-", "*",
     "/", "0", ",", "lambda", "if", "else", "**", "__import__", ".", ":=", "1e400", "None", "f'{dt}'", "\n"]
)  # fmt: skip


@FUZZ
@given(words=st.lists(TOKENS, max_size=9))
def test_any_condition_is_taken_or_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
):
    document = yaml.safe_load(GOOD)
    document["sweep"][0]["where"] = " ".join(words)
    (folder / "config.yaml").write_text(dump_yaml(document))
    code = main(["plan", "config.yaml"])
    printed = capsys.readouterr().err
    assert code in {0, 2}
    assert printed.count("\n") <= SCREEN
    assert (code == 0) == (printed == "")
