"""One run or one ensemble, from the assembly to the dataset: buffers, errors, refinement, `simulate`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from molenspin.simulation.run import simulate, simulate_ensemble
else:

    def __getattr__(name: str) -> object:
        """Import what makes datasets when it is asked for: a worker needs the buffers, and no xarray."""
        if name in __all__:
            from molenspin.simulation import run

            return getattr(run, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["simulate", "simulate_ensemble"]
