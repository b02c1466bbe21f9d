"""`molenspin init`: start a project folder with a configuration, an assembly and a notebook."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.errors import InvalidValueError
from molenspin.output.durable_files import write_durably
from molenspin.user_paths import user_path

HELP = "write a commented configuration, an assembly and a notebook to start from"

TEMPLATES = Path(__file__).parents[1] / "templates"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path(), help="where to write them (default: this folder)"
    )


def run(arguments: Namespace) -> int:
    """Write the files and say what to do next."""
    folder = user_path(arguments.folder)
    for name in start_project(folder):
        print(folder / name)
    enter = "" if folder == Path() else f"cd {folder} && "
    print(f"next: {enter}molenspin run sweep.yaml")
    return 0


def start_project(folder: Path) -> list[str]:
    """Write the files of a new project; existing files are never replaced.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    InvalidValueError
        If one of the files exists already; nothing is written then.
    """
    templates = {path.name: path.read_bytes() for path in sorted(TEMPLATES.iterdir()) if path.is_file()}
    existing = [name for name in templates if (folder / name).exists()]
    if existing:
        raise InvalidValueError(
            f"{folder / existing[0]} exists already: nothing was written; choose another folder"
        )
    for name, content in templates.items():
        write_durably(folder / name, content)
    return list(templates)
