"""The xarray accessor ``ds.molenspin``: energy, power balance, constraint violation and a plot.

It works on one run, on ensembles and on the nodes of a store, and stays lazy where the dataset is lazy.
"""

from typing import TYPE_CHECKING

import xarray as xr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from molenspin.assembly.assembly import Assembly


@xr.register_dataset_accessor("molenspin")  # type: ignore[no-untyped-call]
class MolenspinAccessor:
    """What molenspin knows of a trajectory dataset; the assembly stands in its attrs."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    @property
    def assembly(self) -> "Assembly":
        """The assembly that was simulated, without the parameters that members vary."""
        from molenspin.analysis.members import assembly_of

        return assembly_of(self._dataset)

    def energy(self) -> xr.Dataset:
        """Kinetic, potential and total energy over time; see `molenspin.analysis.balance.energy`."""
        from molenspin.analysis.balance import energy

        return energy(self._dataset)

    def power_balance(self) -> xr.Dataset:
        """Energy in, dissipated, stored and missing; see `molenspin.analysis.balance.power_balance`."""
        from molenspin.analysis.balance import power_balance

        return power_balance(self._dataset)

    def constraint_violation(self) -> xr.DataArray:
        """Residual of every constraint; see `molenspin.analysis.balance.constraint_violation`."""
        from molenspin.analysis.balance import constraint_violation

        return constraint_violation(self._dataset)

    def plot(self, **member: int) -> "Figure":
        """Speeds, displacements and energy of one run; see `molenspin.report.figures.trajectory_figure`.

        Parameters
        ----------
        **member
            Position of the run to show, for example ``plot(member=3)``; the first by default.
        """
        from molenspin.report.figures import trajectory_figure

        return trajectory_figure(self._dataset, member)
