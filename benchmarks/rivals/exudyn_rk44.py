"""Exudyn: rk44 on the reduced rig, spring-dampers between coordinates, forces as symbolic user functions."""

import sys
from itertools import pairwise
from typing import Any

sys.exudynFast = True  # the build without range checks; read when exudyn is imported
import exudyn as exu
import numpy as np
from exudyn import itemInterface as items
from exudyn.advancedUtilities import CreateSymbolicUserFunction

from benchmarks.rivals.protocol import RigHistory, RigRun, Simulate
from benchmarks.rivals.reduced_rig import (
    AXIAL_AMPLITUDE,
    AXIAL_ANGULAR_FREQUENCY,
    AXIAL_DAMPING,
    AXIAL_STIFFNESS,
    BACK_DAMPING,
    BACK_DRAG,
    BACK_QUADRATIC,
    BACK_STIFFNESS,
    DRIVE_AMPLITUDE,
    DRIVE_ANGULAR_FREQUENCY,
    DRIVE_MEAN,
    FRONT_DRAG,
    MASS,
    RATIO,
    SHAFT_DAMPING,
    SHAFT_STIFFNESS,
    ReducedRig,
)


class ExudynRk44:
    """See the module."""

    label = "Exudyn"
    method = "rk44, reduced, symbolic user functions"
    full_size = 48
    largest_size = 768

    def prepare(self, run: RigRun) -> Simulate:
        """Assemble the system."""
        rig = ReducedRig.standard(run.body_count)
        system = _System(rig)
        settings = _settings(run)
        modules, bodies = rig.module_count, rig.body_count
        states = np.zeros((2, run.step_count + 1, 2 * modules + bodies))

        def record(mbs: Any, time: float) -> bool:
            step = round(time / run.dt)
            states[0, step] = mbs.systemData.GetODE2Coordinates(copy=False)
            states[1, step] = mbs.systemData.GetODE2Coordinates_t(copy=False)
            return True

        system.mbs.SetPostStepUserFunction(record)

        def simulate() -> RigHistory:
            system.mbs.SolveDynamic(settings, solverType=exu.DynamicSolverType.RK44)
            front, back = states[:, :, :modules], states[:, :, modules : 2 * modules]
            axial = states[:, :, 2 * modules :]
            return rig.history((front[0], back[0], front[1], back[1]), axial[0], axial[1])

        return simulate


class _System:
    """The main system, and the symbolic functions, which must live as long as it does."""

    def __init__(self, rig: ReducedRig) -> None:
        self._container = exu.SystemContainer()
        self.mbs = self._container.AddSystem()
        self._functions: list[Any] = []
        ground = self.mbs.AddNode(items.NodePointGround())
        self._ground = self._marker(ground)
        fronts = [
            self._coordinate(items.ObjectRotationalMass1D, "physicsInertia", j) for j in rig.front_inertia
        ]
        backs = [
            self._coordinate(items.ObjectRotationalMass1D, "physicsInertia", j) for j in rig.back_inertia
        ]
        axials = [self._coordinate(items.ObjectMass1D, "physicsMass", MASS) for _ in range(rig.body_count)]
        self._add_spins(fronts, backs)
        self._add_axials(axials)
        self.mbs.Assemble()

    def _add_spins(self, fronts: list[Any], backs: list[Any]) -> None:
        kind = "ObjectConnectorCoordinateSpringDamper"
        torque = self._symbolic(_load_torque, "springForceUserFunction", kind)
        for front, back in zip(fronts, backs, strict=True):
            self._spring(self._ground, front, 0.0, FRONT_DRAG)
            self._spring(self._ground, back, 0.0, BACK_DRAG, springForceUserFunction=torque)
            self.mbs.AddObject(
                items.ObjectConnectorCoordinateSpringDamperExt(
                    markerNumbers=[back, front],
                    stiffness=BACK_STIFFNESS,
                    damping=BACK_DAMPING,
                    factor1=RATIO,
                )
            )
        for first, second in pairwise(fronts):
            self._spring(first, second, SHAFT_STIFFNESS, SHAFT_DAMPING)
        self._load(fronts[0], DRIVE_MEAN, DRIVE_AMPLITUDE, DRIVE_ANGULAR_FREQUENCY)

    def _add_axials(self, axials: list[Any]) -> None:
        for number, axial in enumerate(axials):
            self._spring(self._ground, axial, AXIAL_STIFFNESS, AXIAL_DAMPING)
            if number % 2 == 0:
                self._load(axial, 0.0, AXIAL_AMPLITUDE, AXIAL_ANGULAR_FREQUENCY)

    def _coordinate(self, kind: Any, field: str, value: float) -> Any:
        node = self.mbs.AddNode(items.Node1D(referenceCoordinates=[0.0]))
        self.mbs.AddObject(kind(nodeNumber=node, **{field: float(value)}))
        return self._marker(node)

    def _marker(self, node: Any) -> Any:
        return self.mbs.AddMarker(items.MarkerNodeCoordinate(nodeNumber=node, coordinate=0))

    def _spring(self, a: Any, b: Any, stiffness: float, damping: float, **force: Any) -> None:
        spring = items.ObjectConnectorCoordinateSpringDamper(
            markerNumbers=[a, b], stiffness=stiffness, damping=damping, **force
        )
        self.mbs.AddObject(spring)

    def _load(self, marker: Any, mean: float, amplitude: float, frequency: float) -> None:
        def force(mbs: Any, t: Any, load: Any) -> Any:
            return load + amplitude * exu.symbolic.sin(frequency * t)

        symbolic = self._symbolic(force, "loadUserFunction", "LoadCoordinate")
        self.mbs.AddLoad(items.LoadCoordinate(markerNumber=marker, load=mean, loadUserFunction=symbolic))

    def _symbolic(self, function: Any, name: str, kind: str) -> Any:
        symbolic = CreateSymbolicUserFunction(self.mbs, function, name, itemTypeName=kind)
        self._functions.append(symbolic)
        return symbolic


def _load_torque(mbs, t, itemNumber, u, v, k, d, offset):
    return d * v + BACK_QUADRATIC * v * exu.symbolic.abs(v)


def _settings(run: RigRun) -> Any:
    settings = exu.SimulationSettings()
    settings.timeIntegration.numberOfSteps = run.step_count
    settings.timeIntegration.endTime = run.step_count * run.dt
    settings.timeIntegration.verboseMode = 0
    settings.solutionSettings.writeSolutionToFile = False
    settings.displayComputationTime = False
    return settings
