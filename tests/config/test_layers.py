"""Several configuration files and single values over them make one configuration."""

import pytest
import yaml

from molenspin.config import load_config
from molenspin.config.layers import layered_config
from molenspin.errors import InvalidValueError

BASE = {
    "name": "base",
    "sweep": [{"dt": [0.004, 0.002]}],
    "timing": {"repeats": 6, "budget": 2.0},
}


@pytest.fixture
def write(tmp_path):
    def written(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return path

    return written


def test_later_files_override_key_by_key_and_replace_lists_whole(write):
    later = {"name": "later", "sweep": [{"dt": [0.001]}], "timing": {"budget": 3.0}}
    config = layered_config([write("a.yaml", BASE), write("b.yaml", later)])
    assert (config.name, config.timing.repeats, config.timing.budget) == ("later", 6, 3.0)
    assert [block.dt for block in config.sweep] == [[0.001]]


def test_one_file_means_what_the_commands_read(write):
    path = write("a.yaml", BASE)
    assert layered_config([path]) == load_config(path)


def test_overrides_are_typed_like_a_file_and_keep_what_they_do_not_name(write):
    overrides = ["timing={repeats: 0, warm_up: 1e-1}", "name=other", "outputs={accuracy: no}"]
    config = layered_config([write("a.yaml", BASE)], overrides)
    assert (config.timing.repeats, config.timing.warm_up, config.timing.budget) == (0, 0.1, 2.0)
    assert (config.name, config.outputs.accuracy) == ("other", False)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("timing={repeats: 0, repeats: 1}", "--config timing, line 1: not valid YAML: the key 'repeats'"),
        ("timing={repeats: 1:00}", "timing.repeats"),
        ("timing={repeat: 0}", 'timing.repeat: unknown key; did you mean "repeats"?'),
        ("timing", "--config timing: KEY=VALUE is needed"),
        ("timing=3", "timing: "),
    ],
)
def test_a_wrong_override_is_refused(write, override, message):
    with pytest.raises(InvalidValueError) as refused:
        layered_config([write("a.yaml", BASE)], [override])
    assert message in str(refused.value)


def test_a_file_that_holds_no_mapping_is_named(write):
    with pytest.raises(InvalidValueError, match=r"b\.yaml: a mapping of keys is needed, not list"):
        layered_config([write("a.yaml", BASE), write("b.yaml", "[1, 2]")])
