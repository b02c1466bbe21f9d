"""The configuration that Snakemake was given, read by our own strict reader.

Snakemake reads ``--configfile`` and ``--config`` with PyYAML before the Snakefile runs: of a key that stands
twice it keeps one, 010 it takes for eight, and values inside ``--config`` stay text. So the named files and
the texts of ``--config`` are read again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from molenspin.config import Config, config_from_mapping
from molenspin.config.layers import layered_config
from molenspin.errors import InvalidValueError

DEFAULT = Path("config/config.yaml")
"""The default sweep, beside the Snakefile."""


def sweep_config(workflow: Any, given: Mapping[str, Any]) -> Config:  # noqa: ANN401  (Snakemake is not typed)
    """The validated configuration of a sweep.

    Parameters
    ----------
    workflow
        Snakemake's workflow object.
    given
        Snakemake's mapping ``config``, which counts only in a module that was given one.

    Raises
    ------
    InvalidValueError
        If a file, a key or a value is wrong.
    """
    modifier, folder = workflow.modifier, Path(str(workflow.current_basedir))
    if modifier.is_main_snakefile():
        _refuse_inclusion(Path(workflow.main_snakefile).parent, folder)
    elif modifier.skip_configfile:  # a module that was given a mapping
        return _moved(config_from_mapping(given), workflow)
    settings = workflow.config_settings
    default = [folder / DEFAULT] if (folder / DEFAULT).is_file() else []
    files = [_relative(Path(file)) for file in settings.configfiles or default]
    return _moved(layered_config(files, settings.config_args or ()), workflow)


def _refuse_inclusion(main_folder: Path, folder: Path) -> None:
    """Included in another Snakefile, this one's targets would be no targets: nothing would run."""
    if main_folder.resolve() != folder.resolve():
        raise InvalidValueError(
            "the workflow cannot be included; use it as a module: "
            "`module molenspin: snakefile: FILE, config: config`, then `use rule * from molenspin`"
        )


def _relative(file: Path) -> Path:
    """As users wrote it, for messages: Snakemake makes the paths absolute."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def is_moved(workflow: Any) -> bool:  # noqa: ANN401
    """Whether the workflow is a module that puts a prefix before relative paths."""
    return bool(workflow.modifier.modify_path("results") != "results")


def _moved(config: Config, workflow: Any) -> Config:  # noqa: ANN401
    """The configuration with the prefix of a module before the folder of the results."""
    directory = str(workflow.modifier.modify_path(config.outputs.directory))
    outputs = config.outputs.model_copy(update={"directory": directory})
    return config.model_copy(update={"outputs": outputs})
