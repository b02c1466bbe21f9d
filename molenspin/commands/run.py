"""`molenspin run`: run a sweep with Snakemake, from any folder; the workflow comes with the package."""

import os
import sys
from argparse import REMAINDER, ArgumentParser, Namespace
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from molenspin.errors import MolenspinError
from molenspin.strict_yaml import read_yaml
from molenspin.user_paths import user_path

HELP = "run a sweep: simulations, timings, tables, figures and a report"

SNAKEFILE = Path(__file__).parents[1] / "workflow_files" / "Snakefile"

PROFILES = SNAKEFILE.parent / "workflow" / "profiles"

PROFILE = "--workflow-profile"

CORES_OPTIONS = ("-c", "--cores", "-j", "--jobs", "-e", "--executor", "--profile", PROFILE)
"""Options that say how much may run at once, themselves or in a profile."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument("config", type=Path, help="configuration of the sweep")
    parser.add_argument(
        "options",
        nargs=REMAINDER,
        metavar="...",
        help="options for Snakemake: --cores 4 (default: all), -n to only show what would run, "
        "--config 'timing={repeats: 0}' to override values, --workflow-profile slurm for a cluster",
    )


def run(arguments: Namespace) -> int:
    """Replace this process by Snakemake's."""
    if find_spec("snakemake") is None:
        raise MolenspinError("`molenspin run` needs Snakemake: pip install 'molenspin[workflow]'")
    config = user_path(arguments.config)
    read_yaml(config)  # Snakemake, which reads it too, says less well what is wrong with a file
    sys.stdout.flush()
    # -P: a folder `molenspin` or `snakemake` where the user stands must not hide what is installed.
    os.execv(
        sys.executable, [sys.executable, "-P", "-m", "snakemake", *command_line(config, arguments.options)]
    )


def command_line(config: Path, options: Sequence[str]) -> list[str]:
    """Arguments for Snakemake.

    Parameters
    ----------
    config
        The configuration file.
    options
        The user's options for Snakemake; without any that says how many cores, all are used. The name of
        a profile of the package (``slurm``) stands for its folder.
    """
    cores = [] if any(_sets_cores(option) for option in options) else ["--cores", "all"]
    # `--configfile` takes all arguments up to the next option.
    fixed = ["--configfile", str(config), "--snakefile", str(SNAKEFILE), *cores]
    pairs = zip(["", *options], options, strict=False)
    return [*fixed, *(_folder(option) if before == PROFILE else option for before, option in pairs)]


def _folder(profile: str) -> str:
    """Folder of a profile that the package has under this name, unless the user has a folder of that name."""
    ours = PROFILES / profile
    return str(ours) if ours.is_dir() and not Path(profile).exists() else profile


def _sets_cores(option: str) -> bool:
    is_short_with_value = option[:2] in ("-c", "-j") and option[2:].isdecimal()
    return option.partition("=")[0] in CORES_OPTIONS or is_short_with_value
