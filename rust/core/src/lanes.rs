//! Values of each ensemble lane, and the bookkeeping over lanes.

use crate::vector::{PACK, Vector};

/// Running maximum over packs. With eight lanes each slot belongs to a member; with one, all belong to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneMaximum([f64; PACK]);

impl LaneMaximum {
    pub(crate) fn new() -> Self {
        Self([0.0; PACK])
    }

    /// The maximum of one pack.
    #[inline(always)]
    pub(crate) fn of<V: Vector>(values: V) -> Self {
        let mut maximum = Self::new();
        values.store(&mut maximum.0, 0);
        maximum
    }

    /// Takes in values that are not negative; what is not a number stays.
    #[inline(always)]
    pub(crate) fn include<V: Vector>(&mut self, values: V) {
        V::load(&self.0, 0).max(values).store(&mut self.0, 0);
    }

    /// Takes in one value of a slot.
    pub(crate) fn include_value(&mut self, slot: usize, value: f64) {
        self.0[slot] = self.0[slot].max(value);
    }

    /// The maxima as they stand.
    #[inline(always)]
    pub(crate) fn as_vector<V: Vector>(&self) -> V {
        V::load(&self.0, 0)
    }

    /// The maximum of each lane; with one lane it stands in all slots.
    #[inline(always)]
    pub(crate) fn by_lane(&self, lanes: usize) -> [f64; PACK] {
        if lanes == PACK {
            return self.0;
        }
        let larger = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
        [self.0.into_iter().fold(0.0, larger); PACK]
    }
}

/// Keeps the row with the largest residual; one that is not a number is the worst.
pub(crate) fn keep_worst(worst: &mut Option<(usize, f64)>, number: usize, residual: f64) {
    let worse = worst.is_none_or(|(_, known)| residual > known || (residual.is_nan() && !known.is_nan()));
    if worse {
        *worst = Some((number, residual));
    }
}

/// True if a value is beyond a limit or not a number.
#[inline(always)]
pub(crate) fn exceeds(value: f64, limit: f64) -> bool {
    value > limit || value.is_nan()
}
