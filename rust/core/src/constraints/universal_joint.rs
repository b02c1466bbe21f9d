//! Universal joint: g = sin(a) cos(b) - k cos(a) sin(b), k the cosine of the joint angle.

use super::{Angle, Evaluation};
use crate::vector::Vector;

/// g_aa = g_bb = -g, and g_ab is what g_b becomes when cos and sin of a change places.
#[inline(always)]
pub(crate) fn universal_joint<V: Vector>(a: Angle<V>, b: Angle<V>, cos_angle: V) -> Evaluation<V> {
    let (Angle { sin: sin_a, cos: cos_a, .. }, Angle { sin: sin_b, cos: cos_b, .. }) = (a, b);
    let (leaning_sin, leaning_cos) = (cos_angle * sin_a, cos_angle * cos_a);
    let residual = sin_a * cos_b - leaning_cos * sin_b;
    Evaluation {
        residual,
        gradient: [cos_a * cos_b + leaning_sin * sin_b, -(sin_a * sin_b + leaning_cos * cos_b)],
        curvature: [-residual, leaning_sin * cos_b - cos_a * sin_b, -residual],
    }
}
