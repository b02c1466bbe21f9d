"""What is timed or profiled, and by whom: one simulation, one backend with where it runs."""

from dataclasses import dataclass

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Backend, Execution, Settings


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A simulation to time or to profile.

    Parameters
    ----------
    assembly
        Name of the benchmark family or the assembly, as it stands in tables.
    compiled, settings
        What every backend is given.
    """

    assembly: str
    compiled: CompiledAssembly
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A backend with where it runs, under the label that tables show."""

    label: str
    backend: Backend
    execution: Execution
