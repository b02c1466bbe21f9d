"""What is timed or profiled, and by whom: one simulation, one backend with where it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.assembly.yaml_format import content_hash
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
    content
        Hash of the assembly and of the members' parameters, from `content_of`; "" where the name says it all.
    parameters
        What the members vary, for people.
    keys
        Identities of the members' cases in a store, by backend; empty outside a sweep.
    """

    assembly: str
    compiled: CompiledAssembly
    settings: Settings
    content: str = ""
    parameters: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def content_of(assembly: Assembly, settings: Settings, parameters: Mapping[str, Floats] | None = None) -> str:
    """Hash of what determines the result of a workload but is no number of a `TimingCase`.

    Parameters
    ----------
    assembly
        What is simulated; its own name does not count.
    settings
        Tolerances are taken from here.
    parameters
        Values of the members by parameter, shape (member_count,).
    """
    varied = {name: values.tolist() for name, values in sorted((parameters or {}).items())}
    parts = [content_hash(assembly), settings.tolerance, settings.newton_limit, varied]
    return sha256(dumps(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A backend with where it runs, under the label that tables show."""

    label: str
    backend: Backend
    execution: Execution
