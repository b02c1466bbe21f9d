//! Universal joint: g = sin(a) cos(b) - k cos(a) sin(b), k the cosine of the joint angle.

use super::Evaluation;
use crate::functions::sin_cos;
use crate::vector::Vector;

/// g_aa = g_bb = -g, and g_ab is what g_b becomes when cos and sin of a change places.
#[inline(always)]
pub(crate) fn universal_joint<V: Vector>([a, b]: [V; 2], cos_angle: V) -> Evaluation<V> {
    let ((sin_a, cos_a), (sin_b, cos_b)) = (sin_cos(a), sin_cos(b));
    let (leaning_sin, leaning_cos) = (cos_angle * sin_a, cos_angle * cos_a);
    let residual = sin_a * cos_b - leaning_cos * sin_b;
    Evaluation {
        residual,
        gradient: [cos_a * cos_b + leaning_sin * sin_b, -(sin_a * sin_b + leaning_cos * cos_b)],
        curvature: [-residual, leaning_sin * cos_b - cos_a * sin_b, -residual],
    }
}
