//! Sine and cosine of an angle that moves little between two evaluations.

use crate::functions::{rotate, sin_cos};
use crate::vector::Vector;

/// Largest move [rad] that the addition theorem is used for.
const NEARBY: f64 = 1.0 / 32.0;

/// An angle with its sine and cosine.
#[derive(Clone, Copy)]
pub(crate) struct Angle<V> {
    pub(crate) value: V,
    pub(crate) sin: V,
    pub(crate) cos: V,
}

impl<V: Vector> Angle<V> {
    /// Evaluates sine and cosine.
    #[inline(always)]
    pub(crate) fn new(value: V) -> Self {
        let (sin, cos) = sin_cos(value);
        Self { value, sin, cos }
    }

    /// The angle moved to a new value: by the addition theorem where that is near, else evaluated.
    #[inline(always)]
    pub(crate) fn moved_to(self, value: V) -> Self {
        let change = value - self.value;
        let (sin, cos) = rotate((self.sin, self.cos), change);
        let size = change.abs();
        if size.all_at_most(V::splat(NEARBY)) {
            return Self { value, sin, cos };
        }
        let far = Self::new(value);
        let choose = |near: V, far: V| V::splat(NEARBY).select_fewer_bits(size, far, near);
        Self { value, sin: choose(sin, far.sin), cos: choose(cos, far.cos) }
    }

    /// Reads an angle that `store` has written.
    #[inline(always)]
    pub(crate) fn load(values: &[f64], at: usize) -> Self {
        Self {
            value: V::load(values, at),
            sin: V::load(values, at + V::WIDTH),
            cos: V::load(values, at + 2 * V::WIDTH),
        }
    }

    /// Writes value, sine and cosine.
    #[inline(always)]
    pub(crate) fn store(self, values: &mut [f64], at: usize) {
        self.value.store(values, at);
        self.sin.store(values, at + V::WIDTH);
        self.cos.store(values, at + 2 * V::WIDTH);
    }
}
