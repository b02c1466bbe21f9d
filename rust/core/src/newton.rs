//! What the projections of a run share: when Newton stops, for whom it runs, and how it went.

use crate::lanes::LaneMaximum;
use crate::phases::PhaseClock;
use crate::vector::{PACK, Vector};

/// Newton's settings and the state of the lanes.
#[derive(Debug)]
pub(crate) struct Newton {
    pub(crate) tolerance: f64,
    pub(crate) limit: usize,
    /// 1 for lanes that go on, 0 for those whose member has ended.
    pub(crate) alive: [f64; PACK],
    /// Largest residual of the last projection.
    pub(crate) residual: LaneMaximum,
    pub(crate) clock: PhaseClock,
    /// True if a projection has hit the limit.
    pub(crate) failed: bool,
}

impl Newton {
    pub(crate) fn new(tolerance: f64, limit: usize) -> Self {
        Self {
            tolerance,
            limit,
            alive: [1.0; PACK],
            residual: LaneMaximum::new(),
            clock: PhaseClock::default(),
            failed: false,
        }
    }

    /// True if all residuals are within tolerance.
    #[inline(always)]
    pub(crate) fn is_within<V: Vector>(&self, residual: V) -> bool {
        residual.all_at_most(V::splat(self.tolerance))
    }

    /// 1 where a residual is beyond tolerance (or not a number) and its member goes on, else 0.
    #[inline(always)]
    pub(crate) fn pending<V: Vector>(&self, residual: V) -> V {
        let beyond = V::splat(self.tolerance).select_fewer_bits(residual, V::splat(1.0), V::splat(0.0));
        beyond * V::load(&self.alive, 0)
    }
}
