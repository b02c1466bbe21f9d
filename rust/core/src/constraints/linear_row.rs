//! Gears, belts, couplings, locks, drives, screws: direction . q - offset - rate t = 0.

use crate::vector::Vector;

/// Residual of a linear row, given its entries (gradient, position) and its offset and rate.
#[inline(always)]
pub(crate) fn linear_residual<V: Vector>(
    entries: impl Iterator<Item = (V, V)>,
    [offset, rate]: [V; 2],
    time: f64,
) -> V {
    let wanted = rate.mul_add(V::splat(time), offset);
    entries.fold(-wanted, |sum, (gradient, position)| gradient.mul_add(position, sum))
}
