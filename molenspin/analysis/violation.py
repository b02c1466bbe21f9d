"""Residual g(q, t) of every constraint at the recorded states."""

import numpy as np

from molenspin.analysis.states import States, along
from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.assembly.equations import cam_rows, slider_crank_rows, universal_joint_rows


def constraint_residual(compiled: CompiledAssembly, states: States) -> Floats:
    """Residuals of all rows, shape (member_count, T, m).

    Parameters
    ----------
    compiled
        From `molenspin.analysis.states.over_time`.
    states
        Recorded states.
    """
    q = states.position
    residual = np.empty((*q.shape[:2], compiled.constraint_count))
    rows = compiled.linear_rows
    moved = along(q, rows.index, rows.direction)
    residual[..., rows.row] = moved - rows.offset - rows.rate * states.time[:, None]
    joints, cranks, cams = compiled.universal_joints, compiled.slider_cranks, compiled.cams
    turned, cranked, lifted = q[..., joints.index_a], q[..., cranks.index_a], q[..., cams.index_a]
    residual[..., joints.row] = universal_joint_rows(joints, turned, q[..., joints.index_b]).value
    residual[..., cranks.row] = slider_crank_rows(cranks, cranked, q[..., cranks.index_b]).value
    if len(cams.row):
        residual[..., cams.row] = cam_rows(cams, lifted, q[..., cams.index_b]).value
    return residual
