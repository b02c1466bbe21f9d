"""Rival simulators on the family `rig`; a new one is one module and one line in `RIVALS`."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from benchmarks.rivals.protocol import EnsembleRival, Rival

AnyRival = TypeVar("AnyRival", Rival, EnsembleRival)

RIVALS: dict[str, str] = {
    "numpy": "benchmarks.rivals.molenspin_backends:NumpyBaseline",
    "rust": "benchmarks.rivals.molenspin_backends:RustBackend",
    "numba": "benchmarks.rivals.numba_plain:NumbaPlain",
    "numba-expert": "benchmarks.rivals.numba_expert:NumbaExpert",
    "jax": "benchmarks.rivals.jax_scan:JaxScan",
    "scipy": "benchmarks.rivals.scipy_dop853:ScipyDop853",
    "mujoco": "benchmarks.rivals.mujoco_rk4:MujocoRk4",
    "exudyn": "benchmarks.rivals.exudyn_rk44:ExudynRk44",
}
"""Name on the command line, and where the class is: imported on first use, for most need a package."""

ENSEMBLE_RIVALS: dict[str, str] = {
    "rust": "benchmarks.rivals.molenspin_backends:RustEnsemble",
    "numba-expert": "benchmarks.rivals.numba_lanes:NumbaLanes",
    "jax": "benchmarks.rivals.jax_vmap:JaxVmap",
}
"""The same for ensembles."""

RIVAL_PACKAGES = ("numba", "jax", "mujoco", "exudyn")
"""What the extra `benchmarks` installs; their versions are kept with the results."""


@cache
def get_rival(name: str) -> Rival:
    """The rival of that name.

    Raises
    ------
    ImportError
        If the package that it needs is not installed.
    """
    rival: Rival = _imported(RIVALS[name])
    return rival


@cache
def get_ensemble_rival(name: str) -> EnsembleRival:
    """The ensemble rival of that name.

    Raises
    ------
    ImportError
        If the package that it needs is not installed.
    """
    rival: EnsembleRival = _imported(ENSEMBLE_RIVALS[name])
    return rival


def installed(
    names: Sequence[str], get: Callable[[str], AnyRival], progress: Callable[[str], None]
) -> list[AnyRival]:
    """The rivals whose packages are installed; tells ``progress`` which are not."""
    found = []
    for name in names:
        try:
            found.append(get(name))
        except ImportError as error:
            progress(f"{name} is left out: {error}")
    return found


def _imported(place: str) -> Any:  # noqa: ANN401
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)()
