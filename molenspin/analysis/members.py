"""Runs a function of states over every member of a trajectory dataset, lazily where the dataset is lazy.

A dataset may hold one run, an ensemble, or the cases of a store: every dim but ``time``, ``body`` and
``constraint`` counts members. Varied parameters are coordinates named ``component.field``.
"""

from collections.abc import Callable, Sequence
from json import JSONDecodeError, loads
from math import prod

import numpy as np
import xarray as xr

from molenspin.analysis.states import States, interleave, over_time
from molenspin.assembly.assembly import Assembly
from molenspin.assembly.compile import compile_assembly, compile_ensemble
from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.assembly.yaml_format import assembly_from_dict
from molenspin.errors import InvalidValueError

STATE_VARIABLES = ("angle", "displacement", "angular_velocity", "velocity")

MemberFunction = Callable[[Assembly, CompiledAssembly, States], Sequence[Floats]]
"""Takes an assembly, its tables broadcast over time and the states; returns arrays (member_count, ...)."""


def assembly_of(dataset: xr.Dataset) -> Assembly:
    """The assembly that a trajectory dataset describes.

    Raises
    ------
    InvalidValueError
        If ``attrs["assembly"]`` is missing or holds no assembly.
    """
    try:
        return assembly_from_dict(loads(dataset.attrs["assembly"]))
    except (KeyError, TypeError, JSONDecodeError) as error:
        raise InvalidValueError(
            "the dataset holds no assembly: attrs['assembly'] must be what simulate wrote there"
        ) from error


def parameter_coordinates(dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Varied parameters by their name ``component.field``."""
    return {
        str(name): dataset[name]
        for name, values in dataset.variables.items()
        if "." in str(name) and values.dtype.kind in "fiu"
    }


def over_members(
    dataset: xr.Dataset, function: MemberFunction, output_dims: Sequence[tuple[str, ...]]
) -> tuple[xr.DataArray, ...]:
    """Apply ``function`` to all members; with dask, one block of members at a time when computed.

    Parameters
    ----------
    dataset
        Trajectories with all four state variables.
    function
        What to compute.
    output_dims
        Dims of each result after the member dims, among ``time`` and ``constraint``.
    """
    _check_variables(dataset)
    assembly, parameters = assembly_of(dataset), parameter_coordinates(dataset)
    reaction = [dataset["reaction"]] if "reaction" in dataset else []
    names = tuple(parameters)

    def block(*arrays: Floats) -> Floats | tuple[Floats, ...]:
        recorded, values = arrays[: len(arrays) - len(names)], arrays[len(arrays) - len(names) :]
        results = _block(assembly, function, recorded, dict(zip(names, values, strict=True)))
        return results if len(results) > 1 else results[0]

    states = [dataset[name] for name in STATE_VARIABLES]
    lengths = {"time": dataset.sizes["time"], "constraint": len(assembly.constraints)}
    used = {dim for dims in output_dims for dim in dims}
    results = xr.apply_ufunc(
        block,
        *states,
        dataset["time"],
        *reaction,
        *parameters.values(),
        input_core_dims=[
            *[["time", "body"]] * 4,
            ["time"],
            *[["time", "constraint"]] * len(reaction),
            *[[]] * len(names),
        ],
        output_core_dims=[list(dims) for dims in output_dims],
        dask="parallelized",
        output_dtypes=[np.float64] * len(output_dims),
        dask_gufunc_kwargs={
            "allow_rechunk": True,
            "output_sizes": {dim: length for dim, length in lengths.items() if dim in used},
        },
    )
    return results if isinstance(results, tuple) else (results,)


def _check_variables(dataset: xr.Dataset) -> None:
    missing = [name for name in STATE_VARIABLES if name not in dataset]
    if missing:
        raise InvalidValueError(
            f"the dataset lacks {', '.join(missing)}: energy and constraints need all of "
            f"{', '.join(STATE_VARIABLES)}"
        )


def _block(
    assembly: Assembly, function: MemberFunction, recorded: Sequence[Floats], parameters: dict[str, Floats]
) -> tuple[Floats, ...]:
    angle, displacement, angular_velocity, velocity, time, *reaction = recorded
    members = angle.shape[:-2]
    states = States(
        time=time,
        position=_flat(interleave(angle, displacement), 2),
        velocity=_flat(interleave(angular_velocity, velocity), 2),
        reaction=_flat(reaction[0], 2) if reaction else None,
    )
    values = {name: _filled(np.broadcast_to(array, members).ravel()) for name, array in parameters.items()}
    compiled = compile_ensemble(assembly, values) if values else compile_assembly(assembly)
    with np.errstate(invalid="ignore", over="ignore"):  # members that failed are NaN
        results = function(assembly, over_time(compiled), states)
    return tuple(result.reshape(*members, *result.shape[1:]) for result in results)


def _flat(array: Floats, core: int) -> Floats:
    return array.reshape(prod(array.shape[:-core]), *array.shape[-core:])


def _filled(values: Floats) -> Floats:
    """Parameters of slots that a store has not filled yet, replaced by those of one that it has."""
    known = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, known[0] if len(known) else 1.0)
