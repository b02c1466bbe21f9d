import re
from pathlib import Path

import pytest
import yaml

from molenspin.assembly.families import LARGEST_SIZE, Family, benchmark_assembly
from molenspin.config import Config, config_from_mapping, load_config
from molenspin.config.generate import generated_files
from molenspin.config.models import LARGEST_FAMILY_SIZE, Assemblies
from molenspin.errors import InvalidValueError
from molenspin.sweep.cases import expand

CONFIG_FOLDER = Path(__file__).parents[2] / "config"

WRONG = [
    ({"nam": "x"}, 'nam: unknown key; did you mean "name"?'),
    ({"name": "../up"}, "name: a name begins with a letter"),
    ({"name": 3}, "name: input should be a valid string"),
    ({"sweep": {"dt": [1]}}, "sweep: input should be a valid list"),
    ({"sweep": []}, "sweep: list should have at least 1 item"),
    ({"sweep": [{"integratos": ["rk4"]}]}, 'sweep[0].integratos: unknown key; did you mean "integrators"?'),
    (
        {"sweep": [{"integrators": ["rk5"]}]},
        "sweep[0].integrators[0]: 'rk5' is not allowed; did you mean \"rk4\"?",
    ),
    ({"sweep": [{"dt": [float("nan")]}]}, "sweep[0].dt[0]: input should be a finite number"),
    ({"sweep": [{"dt": [-0.001]}]}, "sweep[0].dt[0]: input should be greater than 0"),
    ({"sweep": [{"dt": [0.001, 0.001]}]}, "sweep[0].dt: 0.001 stands here more than once"),
    ({"sweep": [{"dt": ["1e-3x"]}]}, "sweep[0].dt[0]: input should be a valid number"),
    ({"sweep": [{"dt": [True]}]}, "sweep[0].dt[0]: a number is needed, not true"),
    ({"sweep": [{"assemblies": [{"family": "mil", "sizes": [4]}]}]}, 'did you mean "mill"?'),
    ({"sweep": [{"assemblies": [{"family": "mill"}]}]}, "'family' and 'sizes' belong together"),
    ({"sweep": [{"assemblies": [{"sizes": [4]}]}]}, "give either 'family' with 'sizes', or 'files'"),
    ({"sweep": [{"assemblies": [{"family": "mill", "sizes": [0]}]}]}, "sizes[0]: input should be greater"),
    ({"sweep": [{"space": {}}]}, "sweep[0].space: give exactly one of grid, zip"),
    ({"sweep": [{"space": {"grid": {"a b": [1]}}}]}, "an axis is named component.field"),
    ({"sweep": [{"space": {"grid": {"a.b": [[1]]}}}]}, "sweep[0].space.grid.a.b[0]: a number"),
    (
        {"sweep": [{"space": {"zip": {"a.b": [1], "a.c": [1, 2]}}}]},
        "the lists under 'zip' must have one length",
    ),
    (
        {"sweep": [{"space": {"sobol": {"count": 4, "axes": {"a.b": {"low": 3, "high": 1}}}}}]},
        "high (1) must be above low (3)",
    ),
    (
        {"sweep": [{"space": {"sobol": {"count": 4, "axes": {"dt": {"low": 1, "high": 3}}}}}]},
        "dt cannot be sampled",
    ),
    ({"timing": {"repeats": 2.5}}, "timing.repeats: input should be a valid integer"),
    ({"execution": {"device": "gpu"}}, "execution.device: a device is auto"),
    ({"storage": {"codec": "lz5"}}, "storage.codec: 'lz5' is not allowed; did you mean \"lz4\"?"),
    ([1, 2], "a mapping of keys is needed, not list"),
]


@pytest.mark.parametrize(("content", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_a_wrong_config_is_told_with_its_path(content, message):
    with pytest.raises(InvalidValueError) as caught:
        config_from_mapping(content)
    assert message in str(caught.value)


def test_generated_files_are_those_of_the_models():
    for path, content in generated_files(CONFIG_FOLDER).items():
        assert path.read_text() == content, f"run `molenspin config --write`: {path.name} is out of date"


def test_the_default_file_is_the_default():
    assert load_config(CONFIG_FOLDER / "config.yaml") == Config()


@pytest.mark.parametrize(
    "path", sorted((CONFIG_FOLDER / "sweeps").glob("*.yaml")), ids=lambda path: path.stem
)
def test_sweep_files_are_valid(path):
    assert load_config(path).name == path.stem


def test_families_of_the_config_are_those_of_the_library():
    assert [Assemblies(family=family, sizes=[4]).family for family in Family] == list(Family)


@pytest.mark.parametrize("text", ["a: [", "name: !!python/object:os.system x", "name: a\nname: b"])
def test_a_file_that_is_not_plain_yaml_is_refused(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(InvalidValueError, match="not valid YAML"):
        load_config(path)


README = (CONFIG_FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
def test_examples_of_the_readme_have_cases(example):
    config = config_from_mapping(yaml.safe_load(example))
    assert sum(series.case_count for series in expand(config)) > 1


def test_a_configuration_allows_the_sizes_that_families_have():
    assert LARGEST_FAMILY_SIZE == LARGEST_SIZE
    assert benchmark_assembly("train", 3).bodies
    with pytest.raises(InvalidValueError, match="size of train must be at most 100000, not 400000"):
        benchmark_assembly("train", 400_000)
