"""MuJoCo: rk4 on all bodies; gears are (soft) equality constraints, shafts are tendons, forces a callback."""

from math import sin

import mujoco
import numpy as np

from benchmarks.rivals.protocol import RigHistory, RigRun, Simulate
from benchmarks.rivals.reduced_rig import (
    AXIAL_AMPLITUDE,
    AXIAL_ANGULAR_FREQUENCY,
    AXIAL_DAMPING,
    AXIAL_STIFFNESS,
    BACK_DAMPING,
    BACK_QUADRATIC,
    BACK_STIFFNESS,
    BACK_VISCOUS,
    DRAG,
    DRIVE_AMPLITUDE,
    DRIVE_ANGULAR_FREQUENCY,
    DRIVE_MEAN,
    MASS,
    RATIO,
    SHAFT_DAMPING,
    SHAFT_STIFFNESS,
    ReducedRig,
)

SOFTNESS = 'solref="{timeconst} 1" solimp="0.9999 0.9999 0.001 0.5 2"'
"""As stiff as MuJoCo allows: its time constant must be at least two steps."""


class MujocoRk4:
    """See the module."""

    label = "MuJoCo"
    method = "rk4, all bodies, soft constraints"
    full_size = 48
    largest_size = 192

    def prepare(self, run: RigRun) -> Simulate:
        """Compile the model."""
        rig = ReducedRig.standard(run.body_count)
        model = mujoco.MjModel.from_xml_string(_xml(rig, run.dt))
        data = mujoco.MjData(model)
        # Each body has the joints slide and hinge, in this order.
        states = np.zeros((2, run.step_count + 1, 2 * run.body_count))

        def force(_: mujoco.MjModel, data: mujoco.MjData) -> None:
            passive, time = data.qfrc_passive, data.time
            passive[0::4] += AXIAL_AMPLITUDE * sin(AXIAL_ANGULAR_FREQUENCY * time)
            passive[1] += DRIVE_MEAN + DRIVE_AMPLITUDE * sin(DRIVE_ANGULAR_FREQUENCY * time)

        def simulate() -> RigHistory:
            mujoco.set_mjcb_passive(force)
            try:
                mujoco.mj_resetData(model, data)
                for step in range(1, run.step_count + 1):
                    mujoco.mj_step(model, data)
                    states[0, step], states[1, step] = data.qpos, data.qvel
            finally:
                mujoco.set_mjcb_passive(None)
            return RigHistory(
                angle=states[0, :, 1::2],
                displacement=states[0, :, 0::2],
                angular_velocity=states[1, :, 1::2],
                velocity=states[1, :, 0::2],
            )

        return simulate


def _xml(rig: ReducedRig, dt: float) -> str:
    bodies = "".join(_body(number, inertia) for number, inertia in enumerate(rig.inertia))
    firsts = range(0, rig.body_count, 4)
    tendons = [_tendon(first + 2, first + 3, BACK_STIFFNESS, BACK_DAMPING) for first in firsts]
    tendons += [_tendon(first, first + 4, SHAFT_STIFFNESS, SHAFT_DAMPING) for first in firsts[:-1]]
    gears = [_gear(first + 1, first, RATIO, dt) + _gear(first + 2, first + 1, 1.0, dt) for first in firsts]
    return f"""<mujoco>
  <option integrator="RK4" timestep="{dt}" gravity="0 0 0"><flag contact="disable"/></option>
  <compiler angle="radian"/>
  <worldbody>{bodies}</worldbody>
  <tendon>{"".join(tendons)}</tendon>
  <equality>{"".join(gears)}</equality>
</mujoco>"""


def _body(number: int, inertia: float) -> str:
    damping = f"{DRAG + BACK_VISCOUS} {BACK_QUADRATIC} 0" if number % 4 == 3 else DRAG
    return f"""<body>
  <inertial pos="0 0 0" mass="{MASS}" diaginertia="{inertia} {inertia} {inertia}"/>
  <joint type="slide" axis="0 0 1" stiffness="{AXIAL_STIFFNESS}" damping="{AXIAL_DAMPING}"/>
  <joint name="spin{number}" axis="0 0 1" damping="{damping}"/>
</body>"""


def _tendon(a: int, b: int, stiffness: float, damping: float) -> str:
    return f"""<fixed stiffness="{stiffness}" damping="{damping}" springlength="0">
  <joint joint="spin{a}" coef="1"/><joint joint="spin{b}" coef="-1"/>
</fixed>"""


def _gear(a: int, b: int, ratio: float, dt: float) -> str:
    softness = SOFTNESS.format(timeconst=2.0 * dt)
    return f'<joint joint1="spin{a}" joint2="spin{b}" polycoef="0 {ratio} 0 0 0" {softness}/>'
