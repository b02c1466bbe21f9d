//! Constraint rows: residual, gradient and second derivatives, one file for each kind.

mod angle;
mod cam;
mod slider_crank;
mod universal_joint;

pub(crate) use angle::Angle;
pub(crate) use cam::cam;
pub(crate) use slider_crank::slider_crank;
pub(crate) use universal_joint::universal_joint;

use crate::assembly::Assembly;
use crate::schedule::{Row, RowKind};

/// A nonlinear row g(q_a, q_b) = 0 at one position.
#[derive(Clone, Copy)]
pub(crate) struct Evaluation<V> {
    pub(crate) residual: V,
    /// dg/dq_a, dg/dq_b.
    pub(crate) gradient: [V; 2],
    /// d2g/dq_a^2, d2g/dq_a dq_b, d2g/dq_b^2.
    pub(crate) curvature: [V; 3],
}

/// Second derivatives kept for a nonlinear row.
pub(crate) const CURVATURES: usize = 3;

/// Number of parameters of a row.
pub(crate) fn parameter_count(kind: RowKind, assembly: &Assembly) -> usize {
    match kind {
        RowKind::UniversalJoint => 1,
        RowKind::Linear | RowKind::SliderCrank => 2,
        RowKind::Cam => assembly.cams.harmonic_count,
    }
}

/// A parameter of a row: offset and rate; cosine of the angle; crank and rod; lifts.
pub(crate) fn parameter(assembly: &Assembly, row: &Row, number: usize, member: usize) -> f64 {
    let table = match (row.kind, number) {
        (RowKind::Linear, 0) => &assembly.linear_rows.offset,
        (RowKind::Linear, _) => &assembly.linear_rows.rate,
        (RowKind::UniversalJoint, _) => &assembly.universal_joints.cos_angle,
        (RowKind::SliderCrank, 0) => &assembly.slider_cranks.crank,
        (RowKind::SliderCrank, _) => &assembly.slider_cranks.rod,
        (RowKind::Cam, _) => {
            let item = row.item * assembly.cams.harmonic_count + number;
            return assembly.cams.lift.at(member, item);
        }
    };
    table.at(member, row.item)
}

/// An entry of the constant gradient of a linear row; 0 for the others, and beyond its last.
pub(crate) fn constant_gradient(assembly: &Assembly, row: &Row, entry: usize, member: usize) -> f64 {
    match row.kind {
        RowKind::Linear if entry < row.columns.len() => {
            assembly.linear_rows.direction.at(member, 4 * row.item + row.columns[entry])
        }
        _ => 0.0,
    }
}
