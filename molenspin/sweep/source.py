"""Where the assemblies of a sweep come from: benchmark families and files."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import split_parameter
from molenspin.assembly.families import benchmark_assembly
from molenspin.assembly.yaml_format import content_hash, load_assembly
from molenspin.config import Block
from molenspin.errors import InvalidValueError, MolenspinError


@dataclass(frozen=True, eq=False)
class AssemblySource:
    """An assembly of the sweep, with the names that results carry.

    Parameters
    ----------
    name
        Name in results: ``mill-4``, or the file's name without its ending.
    family
        Benchmark family, or "" for a file.
    assembly
        The assembly itself.
    """

    name: str
    family: str
    assembly: Assembly = field(repr=False)

    @cached_property
    def content(self) -> str:
        """Hash of everything in the assembly that determines its motion."""
        return content_hash(self.assembly)

    @property
    def body_count(self) -> int:
        """Number of bodies."""
        return len(self.assembly.bodies)

    @cached_property
    def constraint_names(self) -> tuple[str, ...]:
        """Names of the constraint rows, in the order of the recorded reactions."""
        return self.assembly.compile().constraint_names

    def check_parameters(self, columns: Mapping[str, NDArray[np.float64]], path: str) -> None:
        """Refuse axes that are no numeric field of a component, or values that it does not allow."""
        for name, values in columns.items():
            try:
                component, field_name = split_parameter(self.assembly, name)
                if values.dtype != np.float64:
                    raise InvalidValueError(f"numbers are needed, not {values[0]!r}")
                self.assembly.replacing({component: {field_name: values}})
            except MolenspinError as error:
                raise InvalidValueError(f"{path}: axis {name}, assembly {self.name}: {error}") from None


def block_sources(block: Block, path: str) -> Iterator[AssemblySource]:
    """The assemblies of a block, each read or built once."""
    for number, entry in enumerate(block.assemblies):
        for size in entry.sizes:
            yield _family_source(str(entry.family), size, f"{path}.assemblies[{number}]")
        for file in entry.files:
            yield _file_source(file, f"{path}.assemblies[{number}].files")


def _family_source(family: str, size: int, path: str) -> AssemblySource:
    try:
        return AssemblySource(f"{family}-{size}", family, benchmark_assembly(family, size))
    except MolenspinError as error:
        raise InvalidValueError(f"{path}.sizes: {error}") from None


def _file_source(file: str, path: str) -> AssemblySource:
    try:
        assembly = load_assembly(file)
        assembly.compile()
    except MolenspinError as error:
        raise InvalidValueError(f"{path}: {error}") from None
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(file).stem).strip("-") or "assembly"
    return AssemblySource(name, "", assembly)
