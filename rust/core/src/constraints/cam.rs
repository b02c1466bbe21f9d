//! Cam: g = b - sum_k h_k (1 - cos(k a)).

use super::{Angle, Evaluation};
use crate::vector::Vector;

/// cos(k a) and sin(k a) by the addition theorem from those of a.
#[inline(always)]
pub(crate) fn cam<V: Vector>(a: Angle<V>, b: V, lifts: &[f64], count: usize) -> Evaluation<V> {
    let one = V::splat(1.0);
    let Angle { sin, cos, .. } = a;
    let (mut sin_k, mut cos_k, mut k) = (sin, cos, one);
    let [mut lift, mut slope, mut bend] = [V::splat(0.0); 3];
    for number in 0..count {
        let height = V::load(lifts, number * V::WIDTH);
        lift = height.mul_add(one - cos_k, lift);
        slope = (height * k).mul_add(sin_k, slope);
        bend = (height * k * k).mul_add(cos_k, bend);
        (sin_k, cos_k) = (sin_k * cos + cos_k * sin, cos_k * cos - sin_k * sin);
        k = k + one;
    }
    let zero = V::splat(0.0);
    Evaluation { residual: b - lift, gradient: [-slope, one], curvature: [-bend, zero, zero] }
}
