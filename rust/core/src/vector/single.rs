//! One value, with the same operations as a pack.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Vector;

/// One value; `FUSED` says whether it multiplies and adds in one rounding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Single<const FUSED: bool>(pub(crate) f64);

impl<const FUSED: bool> Vector for Single<FUSED> {
    const WIDTH: usize = 1;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self(value)
    }

    #[inline(always)]
    fn load(values: &[f64], at: usize) -> Self {
        debug_assert!(at < values.len());
        // SAFETY: the place is there, as the head of the parent module explains; debug builds check it.
        Self(unsafe { *values.get_unchecked(at) })
    }

    #[inline(always)]
    fn store(self, values: &mut [f64], at: usize) {
        debug_assert!(at < values.len());
        // SAFETY: as for `load`.
        unsafe { *values.get_unchecked_mut(at) = self.0 };
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(if FUSED { self.0.mul_add(factor.0, addend.0) } else { self.0 * factor.0 + addend.0 })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }

    #[inline(always)]
    fn select_less(self, bound: Self, yes: Self, no: Self) -> Self {
        if self.0 < bound.0 { yes } else { no }
    }

    #[inline(always)]
    fn select_fewer_bits(self, bound: Self, yes: Self, no: Self) -> Self {
        if self.0.to_bits().cast_signed() < bound.0.to_bits().cast_signed() { yes } else { no }
    }

    #[inline(always)]
    fn all_at_most(self, bound: Self) -> bool {
        self.0 <= bound.0
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(f64::from_bits(self.0.to_bits() & other.0.to_bits()))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(f64::from_bits(self.0.to_bits() ^ other.0.to_bits()))
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        Self(f64::from_bits(self.0.to_bits() << BITS))
    }

    #[inline(always)]
    fn across(self, next: Self, start: usize) -> Self {
        if start == 0 { self } else { next }
    }

    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        (self, other)
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        Self(f64::from_bits(self.0.to_bits().wrapping_add(other.0.to_bits())))
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $operator:tt) => {
        impl<const FUSED: bool> $trait for Single<FUSED> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0 $operator other.0)
            }
        }
    };
}

operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl<const FUSED: bool> Neg for Single<FUSED> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
