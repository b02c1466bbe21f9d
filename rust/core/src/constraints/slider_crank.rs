//! Slider-crank: g = b - X(a), X = r cos(a) + w - r - l with w = sqrt(l^2 - r^2 sin^2(a)).

use super::{Angle, Evaluation};
use crate::vector::Vector;

/// X' = -r s (1 + r c / w), X'' = -r c - r^2 (c^2 - s^2) / w - r^4 s^2 c^2 / w^3.
#[inline(always)]
pub(crate) fn slider_crank<V: Vector>(a: Angle<V>, b: V, [crank, rod]: [V; 2]) -> Evaluation<V> {
    let Angle { sin, cos, .. } = a;
    let (height, reach) = (crank * sin, crank * cos);
    let width = (rod * rod - height * height).sqrt();
    let inverse = V::splat(1.0) / width;
    let slope = -height * reach * inverse;
    let bend = (height * height - reach * reach - slope * slope) * inverse;
    Evaluation {
        residual: b - (reach + width - crank - rod),
        gradient: [height - slope, V::splat(1.0)],
        curvature: [reach - bend, V::splat(0.0), V::splat(0.0)],
    }
}
