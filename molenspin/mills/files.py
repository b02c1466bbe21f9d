"""Assembly files of all mills of the table."""

from pathlib import Path

from molenspin.assembly.yaml_format import save_assembly
from molenspin.errors import InvalidValueError
from molenspin.mills.drivetrain import mill_assembly
from molenspin.mills.table import read_mills


def write_mill_files(table: Path, folder: Path) -> list[Path]:
    """Write one assembly file per mill, ``KEY.yaml``, and return their paths.

    Raises
    ------
    InvalidValueError
        If the table is wrong, or the folder cannot be written.
    """
    assemblies = [mill_assembly(mill) for mill in read_mills(table)]
    paths = [folder / f"{assembly.name}.yaml" for assembly in assemblies]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for assembly, path in zip(assemblies, paths, strict=True):
            save_assembly(assembly, path)
    except OSError as error:
        raise InvalidValueError(f"cannot write {folder}: {error}") from error
    return paths
