//! Registers of x86-64: four values with AVX2, eight with AVX-512.
//!
//! SAFETY of every intrinsic in this module: the registers are only used in functions that
//! [`crate::instructions`] has compiled with, and calls after detecting, their target features.

macro_rules! operators {
    ($register:ident, $($trait:ident $method:ident $intrinsic:ident),*) => {
        $(impl std::ops::$trait for $register {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: see the head of `x86`.
                Self(unsafe { $intrinsic(self.0, other.0) })
            }
        })*

        impl std::ops::Neg for $register {
            type Output = Self;

            #[inline(always)]
            fn neg(self) -> Self {
                self.xor(Self::splat(-0.0))
            }
        }
    };
}

macro_rules! shared_methods {
    ($width:literal, $splat:ident, $load:ident, $store:ident, $stream:ident, $fma:ident, $sqrt:ident, $and:ident, $xor:ident) => {
        const WIDTH: usize = $width;

        #[inline(always)]
        fn splat(value: f64) -> Self {
            // SAFETY: see the head of `x86`.
            Self(unsafe { $splat(value) })
        }

        #[inline(always)]
        fn load(values: &[f64], at: usize) -> Self {
            debug_assert!(at + $width <= values.len());
            // SAFETY: see the head of `x86` for the instructions, and that of `vector` for the place.
            Self(unsafe { $load(values.as_ptr().add(at)) })
        }

        #[inline(always)]
        fn store(self, values: &mut [f64], at: usize) {
            debug_assert!(at + $width <= values.len());
            // SAFETY: see the head of `x86` for the instructions, and that of `vector` for the place.
            unsafe { $store(values.as_mut_ptr().add(at), self.0) }
        }

        #[inline(always)]
        fn stream(self, values: &mut [f64], at: usize) {
            debug_assert!(at + $width <= values.len());
            debug_assert!(values[at..].as_ptr().addr().is_multiple_of(8 * $width));
            // SAFETY: as for `store`; the place is that of a register's width, since a caller names a cache line's start.
            unsafe { $stream(values.as_mut_ptr().add(at), self.0) }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, addend: Self) -> Self {
            // SAFETY: see the head of `x86`.
            Self(unsafe { $fma(self.0, factor.0, addend.0) })
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            // SAFETY: see the head of `x86`.
            Self(unsafe { $sqrt(self.0) })
        }

        #[inline(always)]
        fn and(self, other: Self) -> Self {
            // SAFETY: see the head of `x86`.
            Self(unsafe { $and(self.0, other.0) })
        }

        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            // SAFETY: see the head of `x86`.
            Self(unsafe { $xor(self.0, other.0) })
        }
    };
}

mod avx2;
mod avx512;

pub(crate) use avx2::Avx2;
pub(crate) use avx512::Avx512;
