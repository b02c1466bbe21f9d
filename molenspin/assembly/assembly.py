"""The declarative assembly: bodies, elements and constraints by name. The user writes no matrix."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from molenspin.assembly.body import Body
from molenspin.assembly.catalogue import CONSTRAINTS, ELEMENTS, Part
from molenspin.assembly.parameters import (
    Component,
    Positive,
    body_fields,
    check_component,
    check_name,
    check_value,
    field_types,
    nearest,
)
from molenspin.errors import InvalidTypeError, InvalidValueError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike

    from molenspin.assembly.compiled import CompiledAssembly


class Assembly:
    """A drivetrain: rotors with two degrees of freedom each, joined by elements and constraints.

    Parameters
    ----------
    name
        For titles and messages.
    gravity
        Acceleration [m/s^2] along -z of the bodies whose axis is vertical; None for none.

    Examples
    --------
    >>> mill = Assembly("smock-mill")
    >>> sails = mill.add_body("sails", inertia=4000, mass=900)
    >>> stone = mill.add_body("stone", inertia=30, mass=800)
    >>> mill.add(Gear("sails", "stone", teeth=(96, 24), module=20))
    """

    def __init__(self, name: str, *, gravity: float | None = None) -> None:
        check_name(name, "assembly name")
        check_value(gravity, Positive | None, f"assembly {name}: gravity")
        self.name = name
        self.gravity = gravity
        self._bodies: dict[str, Body] = {}
        self._parts: dict[str, Part] = {}

    @property
    def bodies(self) -> tuple[Body, ...]:
        """Bodies in the order in which they were added."""
        return tuple(self._bodies.values())

    @property
    def elements(self) -> tuple[Part, ...]:
        """Force elements in the order in which they were added."""
        return tuple(part for part in self._parts.values() if isinstance(part, ELEMENTS))

    @property
    def constraints(self) -> tuple[Part, ...]:
        """Constraints in the order in which they were added: the order of the recorded reactions."""
        return tuple(part for part in self._parts.values() if isinstance(part, CONSTRAINTS))

    def add_body(self, name: str, *, inertia: float, mass: float, **start: Any) -> Body:  # noqa: ANN401
        """Add a body; ``start`` holds the optional arguments of `Body`."""
        body = _replace(Body(name, inertia, mass), start)
        self.add(body)
        return body

    def add(self, *components: Body | Part) -> None:
        """Add bodies, elements and constraints.

        Raises
        ------
        InvalidValueError, InvalidTypeError
            If a value is not allowed, a name is taken, or a body is not known.
        """
        for component in components:
            if isinstance(component, Body):
                self._add_body(component)
            elif isinstance(component, (*ELEMENTS, *CONSTRAINTS)):
                self._add_part(component)
            else:
                raise InvalidTypeError(
                    f"assembly {self.name}: add takes bodies, elements and constraints, not {component!r}"
                )

    def component(self, name: str) -> Body | Part:
        """The body, element or constraint of that name.

        Raises
        ------
        InvalidValueError
            If there is none; the message names the nearest.
        """
        if not isinstance(name, str):
            raise InvalidTypeError(f"assembly {self.name}: a component is named by a text, not {name!r}")
        found = self._bodies.get(name) or self._parts.get(name)
        if found is None:
            raise InvalidValueError(
                f"assembly {self.name}: no component {name!r}{nearest(name, self._names())}"
            )
        return found

    def replacing(self, replacements: Mapping[str, Mapping[str, Any]]) -> "Assembly":
        """A copy with other values, ``{component: {field: value}}``; a value may be an array over members."""
        if not isinstance(replacements, Mapping):
            raise InvalidTypeError(
                f"replacements must be {{component: {{field: value}}}}, not {replacements!r}"
            )
        for name in replacements:
            self.component(name)
        copy = Assembly(self.name, gravity=self.gravity)
        for body in self.bodies:
            copy.add(_replace(body, replacements.get(body.name, {})))
        for part in self._parts.values():
            copy.add(_replace(part, replacements.get(part.name, {})))
        return copy

    def compile(self) -> "CompiledAssembly":
        """Check the assembly as a whole and compile it for the backends (`molenspin.assembly.compile`)."""
        from molenspin.assembly.compile import compile_assembly

        return compile_assembly(self)

    def save(self, path: str | Path) -> None:
        """Write the assembly as YAML, in the form that `load_assembly` reads."""
        from molenspin.assembly.yaml_format import save_assembly

        save_assembly(self, path)

    def simulate(
        self,
        *,
        duration: float,
        dt: float,
        integrator: str = "rk4",
        backend: str = "rust",
        save_every: int = 1,
        record: Sequence[str] = (),
        **options: Any,  # noqa: ANN401
    ) -> "xr.Dataset":
        """Simulate; `molenspin.simulation.simulate` describes the arguments, options and the dataset."""
        from molenspin.simulation import simulate

        return simulate(
            self,
            duration=duration,
            dt=dt,
            integrator=integrator,
            backend=backend,
            save_every=save_every,
            record=record,
            **options,
        )

    def simulate_ensemble(
        self,
        parameters: "Mapping[str, ArrayLike]",
        *,
        duration: float,
        dt: float,
        integrator: str = "rk4",
        backend: str = "rust",
        save_every: int = 1,
        record: Sequence[str] = (),
        **options: Any,  # noqa: ANN401
    ) -> "xr.Dataset":
        """Simulate one member per value of ``parameters``; see `molenspin.simulation.simulate_ensemble`."""
        from molenspin.simulation import simulate_ensemble

        return simulate_ensemble(
            self,
            parameters,
            duration=duration,
            dt=dt,
            integrator=integrator,
            backend=backend,
            save_every=save_every,
            record=record,
            **options,
        )

    def __repr__(self) -> str:
        return (
            f"<Assembly {self.name}: {len(self.bodies)} bodies, {len(self.elements)} elements, "
            f"{len(self.constraints)} constraints>"
        )

    def _names(self) -> Iterator[str]:
        yield from self._bodies
        yield from self._parts

    def _add_body(self, body: Body) -> None:
        check_name(body.name, "body name")
        self._check_free(body.name)
        check_component(body, f"body {body.name}")
        self._bodies[body.name] = body

    def _add_part(self, part: Part) -> None:
        check_component(part, str(part.name) or type(part).__name__)
        named = part if part.name else _replace(part, {"name": self._default_name(part)})
        check_name(named.name, f"{type(part).__name__}: name")
        self._check_free(named.name)
        self._check_bodies(named)
        self._parts[named.name] = named

    def _check_free(self, name: str) -> None:
        if name in self._bodies or name in self._parts:
            raise InvalidValueError(
                f"assembly {self.name}: the name {name!r} is used twice; names must differ"
            )

    def _check_bodies(self, part: Part) -> None:
        bodies = [getattr(part, field) for field in body_fields(type(part))]
        for field, body in zip(body_fields(type(part)), bodies, strict=True):
            if body not in self._bodies:
                raise InvalidValueError(
                    f"{part.name}: {field} names the body {body!r}, which is not in assembly {self.name}"
                    f"{nearest(body, self._bodies)}"
                )
        if len(set(bodies)) < len(bodies):
            raise InvalidValueError(f"{part.name}: a part cannot join the body {bodies[0]!r} to itself")

    def _default_name(self, part: Part) -> str:
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(part).__name__).lower()
        bodies = [str(getattr(part, field)) for field in body_fields(type(part))]
        base = "_".join([kind, *bodies])[:70]
        candidates = chain([base], (f"{base}_{number}" for number in count(2)))
        return next(name for name in candidates if name not in self._bodies and name not in self._parts)


Named = TypeVar("Named", bound=Component)


def _replace(component: Named, changes: Mapping[str, Any]) -> Named:
    if not isinstance(changes, Mapping):
        raise InvalidTypeError(f"{component.name}: {{field: value}} is needed, not {changes!r}")
    unknown = sorted(map(str, set(changes) - set(field_types(type(component)))))
    if unknown:
        hint = nearest(unknown[0], field_types(type(component)))
        raise InvalidValueError(f"{component.name}: unknown argument {unknown[0]!r}{hint}")
    return replace(component, **changes)
