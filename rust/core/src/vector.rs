//! Arithmetic on one value or on eight at once, written once for both.
//!
//! A kernel is generic over [`Vector`]; the compiler turns [`Pack`] into the vector instructions of the
//! function that it is inlined into (see [`crate::instructions`]).

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Values that are computed side by side.
pub(crate) trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// Number of values.
    const WIDTH: usize;

    /// The same value everywhere.
    fn splat(value: f64) -> Self;
    /// Reads `WIDTH` values from position `at` on.
    fn load(values: &[f64], at: usize) -> Self;
    /// Writes the values from position `at` on.
    fn store(self, values: &mut [f64], at: usize);
    /// `self * factor + addend`, rounded once where the processor can.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// Applies a function to each value.
    fn map(self, function: impl Fn(f64) -> f64) -> Self;
    /// Applies a function to each pair of values.
    fn zip(self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self;
    /// True if the condition holds for any value.
    fn any(self, condition: impl Fn(f64) -> bool) -> bool;

    /// Absolute values.
    #[inline(always)]
    fn abs(self) -> Self {
        self.map(f64::abs)
    }

    /// Square roots.
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }

    /// The larger of two values; what is not a number wins.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if b > a || b.is_nan() { b } else { a })
    }

    /// Adds `self` to what stands at position `at`.
    #[inline(always)]
    fn add_to(self, values: &mut [f64], at: usize) {
        (Self::load(values, at) + self).store(values, at);
    }
}

/// The two widths of one instruction set; `FUSED` says whether it multiplies and adds in one rounding.
pub(crate) trait Instructions {
    /// One value.
    type Single: Vector;
    /// Eight values.
    type Pack: Vector;
}

/// Any processor.
pub(crate) struct Baseline;
/// Processors with fused multiply-add.
pub(crate) struct Fused;

impl Instructions for Baseline {
    type Single = Single<false>;
    type Pack = Pack<false>;
}

impl Instructions for Fused {
    type Single = Single<true>;
    type Pack = Pack<true>;
}

/// Number of values in a [`Pack`].
pub(crate) const PACK: usize = 8;

/// One value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Single<const FUSED: bool>(pub(crate) f64);

/// Eight values.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Pack<const FUSED: bool>(pub(crate) [f64; PACK]);

#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

impl<const FUSED: bool> Vector for Single<FUSED> {
    const WIDTH: usize = 1;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self(value)
    }

    #[inline(always)]
    fn load(values: &[f64], at: usize) -> Self {
        Self(values[at])
    }

    #[inline(always)]
    fn store(self, values: &mut [f64], at: usize) {
        values[at] = self.0;
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(multiply_add::<FUSED>(self.0, factor.0, addend.0))
    }

    #[inline(always)]
    fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Self(function(self.0))
    }

    #[inline(always)]
    fn zip(self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self {
        Self(function(self.0, other.0))
    }

    #[inline(always)]
    fn any(self, condition: impl Fn(f64) -> bool) -> bool {
        condition(self.0)
    }
}

impl<const FUSED: bool> Vector for Pack<FUSED> {
    const WIDTH: usize = PACK;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; PACK])
    }

    #[inline(always)]
    fn load(values: &[f64], at: usize) -> Self {
        let mut pack = [0.0; PACK];
        pack.copy_from_slice(&values[at..at + PACK]);
        Self(pack)
    }

    #[inline(always)]
    fn store(self, values: &mut [f64], at: usize) {
        values[at..at + PACK].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn mul_add(mut self, factor: Self, addend: Self) -> Self {
        for i in 0..PACK {
            self.0[i] = multiply_add::<FUSED>(self.0[i], factor.0[i], addend.0[i]);
        }
        self
    }

    #[inline(always)]
    fn map(mut self, function: impl Fn(f64) -> f64) -> Self {
        for i in 0..PACK {
            self.0[i] = function(self.0[i]);
        }
        self
    }

    #[inline(always)]
    fn zip(mut self, other: Self, function: impl Fn(f64, f64) -> f64) -> Self {
        for i in 0..PACK {
            self.0[i] = function(self.0[i], other.0[i]);
        }
        self
    }

    #[inline(always)]
    fn any(self, condition: impl Fn(f64) -> bool) -> bool {
        let mut found = false;
        for value in self.0 {
            found |= condition(value);
        }
        found
    }
}

macro_rules! elementwise {
    ($trait:ident, $method:ident, $operator:tt) => {
        impl<const FUSED: bool> $trait for Single<FUSED> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0 $operator other.0)
            }
        }

        impl<const FUSED: bool> $trait for Pack<FUSED> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $operator b)
            }
        }
    };
}

elementwise!(Add, add, +);
elementwise!(Sub, sub, -);
elementwise!(Mul, mul, *);
elementwise!(Div, div, /);

impl<const FUSED: bool> Neg for Single<FUSED> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<const FUSED: bool> Neg for Pack<FUSED> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|a| -a)
    }
}
