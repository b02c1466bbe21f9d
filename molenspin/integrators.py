"""The integrators: a closed set, with the properties that the analysis and the tests rely on."""

from enum import StrEnum


class Integrator(StrEnum):
    """Time integration methods; `model.md`-exact definitions stand in `docs/model.md`."""

    RK4 = "rk4"
    VERLET = "verlet"
    EULER = "euler"

    @property
    def order(self) -> int:
        """Order of the global error in dt on smooth problems."""
        return {Integrator.RK4: 4, Integrator.VERLET: 2, Integrator.EULER: 1}[self]

    @property
    def evaluations_per_step(self) -> int:
        """Force evaluations in one step."""
        return {Integrator.RK4: 4, Integrator.VERLET: 2, Integrator.EULER: 1}[self]

    @property
    def stability_limit(self) -> float:
        """Largest omega * dt for which an undamped oscillator of angular frequency omega stays bounded."""
        return {Integrator.RK4: 2.828, Integrator.VERLET: 2.0, Integrator.EULER: 2.0}[self]
