//! Eight values as registers of an instruction set: one of AVX-512, two of AVX2, or plain numbers.
//!
//! A pack is an array of register-sized parts; every operation goes through the parts one by one.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::single::Single;
use super::{HALF, Instructions, PACK, Vector};

/// A pack of `N` parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<R, const N: usize>([R; N]);

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl<R: Vector, const N: usize> $trait for Parts<R, N> {
            type Output = Self;

            #[inline(always)]
            fn $method(mut self, other: Self) -> Self {
                for i in 0..N {
                    self.0[i] = self.0[i].$method(other.0[i]);
                }
                self
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl<R: Vector, const N: usize> Neg for Parts<R, N> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.each(R::neg)
    }
}

impl<R: Vector, const N: usize> Parts<R, N> {
    #[inline(always)]
    fn each(mut self, function: impl Fn(R) -> R) -> Self {
        for i in 0..N {
            self.0[i] = function(self.0[i]);
        }
        self
    }

    #[inline(always)]
    fn both(mut self, other: Self, function: impl Fn(R, R) -> R) -> Self {
        for i in 0..N {
            self.0[i] = function(self.0[i], other.0[i]);
        }
        self
    }
}

impl<R: Vector, const N: usize> Vector for Parts<R, N> {
    const WIDTH: usize = N * R::WIDTH;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([R::splat(value); N])
    }

    #[inline(always)]
    fn load(values: &[f64], at: usize) -> Self {
        let mut parts = [R::load(values, at); N];
        for (i, part) in parts.iter_mut().enumerate().skip(1) {
            *part = R::load(values, at + i * R::WIDTH);
        }
        Self(parts)
    }

    #[inline(always)]
    fn load_across(values: &[f64], at: usize) -> Self {
        if N > 1 { Self::load(values, at) } else { Self([R::load_across(values, at); N]) }
    }

    #[inline(always)]
    fn across(self, next: Self, start: usize) -> Self {
        if N == 1 {
            return Self([self.0[0].across(next.0[0], start); N]);
        }
        if N == 2 {
            // Through memory, a load of parts of two writes would have to wait for both.
            let late = start > R::WIDTH;
            let first = if late { self.0[1] } else { self.0[0] };
            let second = if late { next.0[0] } else { self.0[1] };
            let third = if late { next.0[1] } else { next.0[0] };
            let start = if late { start - R::WIDTH } else { start };
            let mut parts = [first.across(second, start); N];
            parts[1] = second.across(third, start);
            return Self(parts);
        }
        let mut values = [0.0; 2 * PACK];
        self.store(&mut values, 0);
        next.store(&mut values, PACK);
        Self::load(&values, start)
    }

    #[inline(always)]
    fn store(self, values: &mut [f64], at: usize) {
        for i in 0..N {
            self.0[i].store(values, at + i * R::WIDTH);
        }
    }

    #[inline(always)]
    fn stream(self, values: &mut [f64], at: usize) {
        for i in 0..N {
            self.0[i].stream(values, at + i * R::WIDTH);
        }
    }

    #[inline(always)]
    fn mul_add(mut self, factor: Self, addend: Self) -> Self {
        for i in 0..N {
            self.0[i] = self.0[i].mul_add(factor.0[i], addend.0[i]);
        }
        self
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.each(R::sqrt)
    }

    #[inline(always)]
    fn select_less(mut self, bound: Self, yes: Self, no: Self) -> Self {
        for i in 0..N {
            self.0[i] = self.0[i].select_less(bound.0[i], yes.0[i], no.0[i]);
        }
        self
    }

    #[inline(always)]
    fn select_fewer_bits(mut self, bound: Self, yes: Self, no: Self) -> Self {
        for i in 0..N {
            self.0[i] = self.0[i].select_fewer_bits(bound.0[i], yes.0[i], no.0[i]);
        }
        self
    }

    #[inline(always)]
    fn all_at_most(self, bound: Self) -> bool {
        let mut all = true;
        for i in 0..N {
            all &= self.0[i].all_at_most(bound.0[i]);
        }
        all
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.both(other, R::and)
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self.both(other, R::xor)
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        self.each(R::shift_left::<BITS>)
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        self.both(other, R::add_bits)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.both(other, R::max)
    }

    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        let (mut first, mut second) = (self, other);
        for i in 0..N {
            let (low, high) = self.0[i].interleave(other.0[i]);
            for (part, value) in [(2 * i, low), (2 * i + 1, high)] {
                if part < N {
                    first.0[part] = value;
                } else {
                    second.0[part - N] = value;
                }
            }
        }
        (first, second)
    }
}

/// What every processor has.
#[derive(Debug)]
pub(crate) struct Portable;

impl Instructions for Portable {
    type Single = Single<{ cfg!(target_arch = "aarch64") }>;
    type Half = Parts<Self::Single, HALF>;
    type Pack = Parts<Self::Single, PACK>;

    #[inline(never)]
    fn vectorize<R>(kernel: impl FnOnce() -> R) -> R {
        kernel()
    }
}
