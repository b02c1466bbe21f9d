"""Energy and power balance of trajectories: what entered, was dissipated, is stored, is missing."""

from typing import Any

import numpy as np
import xarray as xr
from scipy.interpolate import make_interp_spline

from molenspin.analysis.energy import (
    SINKS,
    SOURCES,
    gravity_force,
    is_conservative,
    is_driven,
    kinetic_energy,
    potential_energy,
)
from molenspin.analysis.members import assembly_of, over_members
from molenspin.analysis.states import States
from molenspin.analysis.violation import constraint_residual
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_assembly
from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.errors import InvalidValueError

QUADRATURE_DEGREES = (5, 3)
"""Degrees of the splines that integrate power; their difference estimates the error of the first."""


ROUNDING = 1e-12
"""Share of the stored energy below which a movement is rounding."""


def energy(dataset: xr.Dataset) -> xr.Dataset:
    """Energy of every member over time.

    Returns
    -------
    xarray.Dataset
        ``kinetic``, ``potential`` (springs, supports, tooth contacts, unbalances, gravity) and ``total`` [J]
        over the member dims and ``time``.
    """
    kinetic, potential = over_members(dataset, _energies, [("time",)] * 2)
    result = xr.Dataset({"kinetic": kinetic, "potential": potential, "total": kinetic + potential})
    return _with_units(result, "J", " energy")


def _energies(assembly: Assembly, compiled: CompiledAssembly, states: States) -> tuple[Floats, Floats]:
    gravity = gravity_force(assembly, compiled)
    return kinetic_energy(compiled, states), potential_energy(compiled, states, gravity)


def power_balance(dataset: xr.Dataset) -> xr.Dataset:
    """Where the energy comes from and where it goes, from the recorded states alone.

    Power is integrated over time by a spline of degree 5 through the recorded states; ``quadrature_error``
    is its difference from degree 3. A run is right to ``imbalance`` where that exceeds ``quadrature_error``;
    below, the states were recorded too rarely to tell.

    Returns
    -------
    xarray.Dataset
        Over the member dims and ``time``: ``power_in`` by ``source`` and ``power_out`` by ``sink`` [W];
        ``energy_in``, ``energy_out``, ``stored``, ``imbalance`` (in - out - stored) since the first state,
        and ``quadrature_error`` [J].

    Raises
    ------
    InvalidValueError
        If a `Drive` does work but its reaction was not recorded.
    """
    _check_drives(dataset)
    kinds = len(SOURCES) + len(SINKS)
    *powers, stored = over_members(dataset, _powers, [("time",)] * (kinds + 1))
    power_in = _stacked(powers[: len(SOURCES)], "source", list(SOURCES))
    power_out = _stacked(powers[len(SOURCES) :], "sink", list(SINKS))
    energy_in, error_in = _integrated(power_in.sum("source", skipna=False))
    energy_out, error_out = _integrated(power_out.sum("sink", skipna=False))
    energies = {
        "energy_in": energy_in,
        "energy_out": energy_out,
        "stored": stored,
        "imbalance": energy_in - energy_out - stored,
        "quadrature_error": error_in + error_out,
    }
    powers_only = _with_units(xr.Dataset({"power_in": power_in, "power_out": power_out}), "W", "")
    return powers_only.merge(_with_units(xr.Dataset(energies), "J", ""))


def _powers(assembly: Assembly, compiled: CompiledAssembly, states: States) -> tuple[Floats, ...]:
    gravity = gravity_force(assembly, compiled)
    total = kinetic_energy(compiled, states) + potential_energy(compiled, states, gravity)
    laws = (*SOURCES.values(), *SINKS.values())
    return (*(law(compiled, states, gravity) for law in laws), total - total[:, :1])


def _check_drives(dataset: xr.Dataset) -> None:
    if "reaction" not in dataset and is_driven(compile_assembly(assembly_of(dataset))):
        raise InvalidValueError(
            "the work of a Drive is its reaction times its speed, and reactions were not recorded: "
            'simulate with record=("reaction",)'
        )


def _stacked(powers: list[xr.DataArray], dim: str, names: list[str]) -> xr.DataArray:
    return xr.concat(powers, dim=dim, coords="minimal", compat="override").assign_coords({dim: names})


def _integrated(power: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    integral, error = xr.apply_ufunc(
        _integral,
        power,
        power["time"],
        input_core_dims=[["time"], ["time"]],
        output_core_dims=[["time"], ["time"]],
        dask="parallelized",
        output_dtypes=[np.float64] * 2,
        dask_gufunc_kwargs={"allow_rechunk": True},
    )
    return integral, error


def _integral(power: Floats, time: Floats) -> tuple[Floats, Floats]:
    """Integral from the first state to each, (..., T), and an estimate of its error."""
    flat = power.reshape(-1, len(time))
    finite = np.isfinite(flat).all(axis=-1)
    integrals = np.full((2, *flat.shape), np.nan)
    for degree, integral in zip(QUADRATURE_DEGREES, integrals, strict=True):
        if finite.any():
            integral[finite] = _spline_integral(flat[finite], time, degree)
    best, other = integrals.reshape(2, *power.shape)
    return best, np.maximum.accumulate(np.abs(best - other), axis=-1)


def _spline_integral(power: Floats, time: Floats, degree: int) -> Floats:
    if len(time) < 2:
        return np.zeros_like(power)
    possible = min(degree, (len(time) - 2) // 2 * 2 + 1)
    antiderivative = make_interp_spline(time, power, k=possible, axis=-1).antiderivative()
    return np.asarray(antiderivative(time) - antiderivative(time[:1]))


def energy_drift(dataset: xr.Dataset) -> xr.DataArray | None:
    """Largest change of the total energy as a share of the energy that moved, per member.

    What moved is the largest kinetic energy, or the swing of the potential one if that is larger: the zero of
    potential energy does not matter. NaN where nothing moved; None where energy is not conserved.
    """
    assembly = assembly_of(dataset)
    compiled = compile_assembly(assembly)
    if not is_conservative(compiled, gravity_force(assembly, compiled)):
        return None
    energies = energy(dataset)
    total = energies["total"]
    change: xr.DataArray = abs(total - total.isel(time=0)).max("time", skipna=False)
    drift: xr.DataArray = change / _beyond_rounding(_moved(energies), energies)
    return drift


def relative_imbalance(dataset: xr.Dataset) -> xr.Dataset:
    """``imbalance`` and ``quadrature_error`` of each member as shares of the energy turned over.

    Turned over is the largest of energy in, energy out, kinetic energy and the swing of the potential energy,
    none of which depends on the zero of the potential one. NaN where nothing moved.
    """
    balance, energies = abs(power_balance(dataset)).max("time", skipna=False), energy(dataset)
    turned_over = np.maximum(np.maximum(balance["energy_in"], balance["energy_out"]), _moved(energies))
    shares: xr.Dataset = balance[["imbalance", "quadrature_error"]] / _beyond_rounding(turned_over, energies)
    for name, share in shares.data_vars.items():
        share.attrs = {"units": "1", "long_name": f"{name} as a share of the energy turned over"}
    return shares


def _moved(energies: xr.Dataset) -> Any:  # noqa: ANN401  (to mypy np.maximum gives a plain array)
    """Largest kinetic energy, or the swing of the potential one, of each member [J]."""
    highest, lowest = energies.max("time", skipna=False), energies.min("time", skipna=False)
    return np.maximum(highest["kinetic"], highest["potential"] - lowest["potential"])


def _beyond_rounding(moved: Any, energies: xr.Dataset) -> Any:  # noqa: ANN401  (as above)
    """NaN where an assembly rests: what moved there is rounding of the energy that its springs hold."""
    return moved.where(moved > ROUNDING * abs(energies["potential"]).max("time", skipna=False))


def constraint_violation(dataset: xr.Dataset) -> xr.DataArray:
    """Residual abs(g) of every constraint at the recorded states, per member."""
    (residual,) = over_members(dataset, _violations, [("time", "constraint")])
    names = [part.name for part in assembly_of(dataset).constraints]
    result = residual.assign_coords(constraint=names).rename("constraint_violation")
    result.attrs = {"long_name": "constraint violation abs(g)"}
    return result


def _violations(_assembly: Assembly, compiled: CompiledAssembly, states: States) -> tuple[Floats]:
    return (np.abs(constraint_residual(compiled, states)),)


def _with_units(dataset: xr.Dataset, units: str, suffix: str) -> xr.Dataset:
    for name, variable in dataset.data_vars.items():
        variable.attrs = {"units": units, "long_name": str(name).replace("_", " ") + suffix}
    return dataset
