"""Rival simulators on the family `rig`; a new one is one module and one line in `RIVALS`."""

from functools import cache
from importlib import import_module

from benchmarks.rivals.protocol import Rival

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


@cache
def get_rival(name: str) -> Rival:
    """The rival of that name.

    Raises
    ------
    ImportError
        If the package that it needs is not installed.
    """
    module, _, attribute = RIVALS[name].partition(":")
    rival: Rival = getattr(import_module(module), attribute)()
    return rival
