//! Eight values as registers of an instruction set: one of AVX-512, two of AVX2, or plain numbers.
//!
//! A pack is an array of register-sized parts; every operation goes through the parts one by one.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::single::Single;
use super::{Instructions, PACK, Vector};

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
    type Pack = Parts<Self::Single, PACK>;

    #[inline(never)]
    fn vectorize<R>(kernel: impl FnOnce() -> R) -> R {
        kernel()
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! SAFETY of every intrinsic below: the registers are only used in functions that
    //! [`crate::instructions`] has compiled with, and calls after detecting, their target features.

    use std::arch::x86_64::*;

    use super::{Instructions, PACK, Parts, Single};
    use crate::vector::Vector;

    /// AVX2 with fused multiply-add.
    #[derive(Debug)]
    pub(crate) struct Avx2;

    impl Instructions for Avx2 {
        type Single = Single<true>;
        type Pack = Parts<Ymm, 2>;

        #[inline(always)]
        fn vectorize<R>(kernel: impl FnOnce() -> R) -> R {
            #[target_feature(enable = "avx2,fma")]
            #[inline(never)]
            fn compiled<R>(kernel: impl FnOnce() -> R) -> R {
                kernel()
            }
            // SAFETY: see the head of this module.
            unsafe { compiled(kernel) }
        }
    }

    /// AVX-512.
    #[derive(Debug)]
    pub(crate) struct Avx512;

    impl Instructions for Avx512 {
        type Single = Single<true>;
        type Pack = Parts<Zmm, 1>;

        #[inline(always)]
        fn vectorize<R>(kernel: impl FnOnce() -> R) -> R {
            #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
            #[inline(never)]
            fn compiled<R>(kernel: impl FnOnce() -> R) -> R {
                kernel()
            }
            // SAFETY: see the head of this module.
            unsafe { compiled(kernel) }
        }
    }

    /// Four values.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Ymm(__m256d);

    /// Eight values.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Zmm(__m512d);

    macro_rules! operators {
        ($register:ident, $($trait:ident $method:ident $intrinsic:ident),*) => {
            $(impl std::ops::$trait for $register {
                type Output = Self;

                #[inline(always)]
                fn $method(self, other: Self) -> Self {
                    // SAFETY: see the head of this module.
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

    operators!(Ymm, Add add _mm256_add_pd, Sub sub _mm256_sub_pd, Mul mul _mm256_mul_pd, Div div _mm256_div_pd);
    operators!(Zmm, Add add _mm512_add_pd, Sub sub _mm512_sub_pd, Mul mul _mm512_mul_pd, Div div _mm512_div_pd);

    macro_rules! shared_methods {
        ($width:literal, $splat:ident, $load:ident, $store:ident, $fma:ident, $sqrt:ident, $and:ident, $xor:ident) => {
            const WIDTH: usize = $width;

            #[inline(always)]
            fn splat(value: f64) -> Self {
                // SAFETY: see the head of this module.
                Self(unsafe { $splat(value) })
            }

            #[inline(always)]
            fn load(values: &[f64], at: usize) -> Self {
                debug_assert!(at + $width <= values.len());
                // SAFETY: see the head of this module for the instructions, and that of `vector` for the place.
                Self(unsafe { $load(values.as_ptr().add(at)) })
            }

            #[inline(always)]
            fn store(self, values: &mut [f64], at: usize) {
                debug_assert!(at + $width <= values.len());
                // SAFETY: see the head of this module for the instructions, and that of `vector` for the place.
                unsafe { $store(values.as_mut_ptr().add(at), self.0) }
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: see the head of this module.
                Self(unsafe { $fma(self.0, factor.0, addend.0) })
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: see the head of this module.
                Self(unsafe { $sqrt(self.0) })
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                // SAFETY: see the head of this module.
                Self(unsafe { $and(self.0, other.0) })
            }

            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                // SAFETY: see the head of this module.
                Self(unsafe { $xor(self.0, other.0) })
            }
        };
    }

    impl Vector for Ymm {
        #[inline(always)]
        fn across(self, next: Self, start: usize) -> Self {
            let mut values = [0.0; 8];
            self.store(&mut values, 0);
            next.store(&mut values, 4);
            Self::load(&values, start)
        }

        shared_methods!(
            4,
            _mm256_set1_pd,
            _mm256_loadu_pd,
            _mm256_storeu_pd,
            _mm256_fmadd_pd,
            _mm256_sqrt_pd,
            _mm256_and_pd,
            _mm256_xor_pd
        );

        #[inline(always)]
        fn select_less(self, bound: Self, yes: Self, no: Self) -> Self {
            // SAFETY: see the head of this module.
            Self(unsafe { _mm256_blendv_pd(no.0, yes.0, _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, bound.0)) })
        }

        #[inline(always)]
        fn select_fewer_bits(self, bound: Self, yes: Self, no: Self) -> Self {
            // SAFETY: see the head of this module.
            unsafe {
                let fewer = _mm256_cmpgt_epi64(_mm256_castpd_si256(bound.0), _mm256_castpd_si256(self.0));
                Self(_mm256_blendv_pd(no.0, yes.0, _mm256_castsi256_pd(fewer)))
            }
        }

        #[inline(always)]
        fn all_at_most(self, bound: Self) -> bool {
            // SAFETY: see the head of this module.
            unsafe { _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(self.0, bound.0)) == 0xf }
        }

        #[inline(always)]
        fn shift_left<const BITS: u32>(self) -> Self {
            // SAFETY: see the head of this module.
            unsafe {
                let count = _mm_cvtsi32_si128(BITS.cast_signed());
                Self(_mm256_castsi256_pd(_mm256_sll_epi64(_mm256_castpd_si256(self.0), count)))
            }
        }

        #[inline(always)]
        fn interleave(self, other: Self) -> (Self, Self) {
            // SAFETY: see the head of this module.
            unsafe {
                let even = _mm256_unpacklo_pd(self.0, other.0);
                let odd = _mm256_unpackhi_pd(self.0, other.0);
                let first = _mm256_permute2f128_pd::<0x20>(even, odd);
                (Self(first), Self(_mm256_permute2f128_pd::<0x31>(even, odd)))
            }
        }

        #[inline(always)]
        fn add_bits(self, other: Self) -> Self {
            // SAFETY: see the head of this module.
            unsafe {
                let sum = _mm256_add_epi64(_mm256_castpd_si256(self.0), _mm256_castpd_si256(other.0));
                Self(_mm256_castsi256_pd(sum))
            }
        }
    }

    /// The places from each place of a first pack on, over to those of a second.
    static ACROSS: [[i64; PACK]; PACK] = {
        let mut places = [[0; PACK]; PACK];
        let mut start = 0;
        while start < PACK {
            let mut value = 0;
            while value < PACK {
                places[start][value] = (start + value) as i64;
                value += 1;
            }
            start += 1;
        }
        places
    };

    impl Vector for Zmm {
        #[inline(always)]
        fn load_across(values: &[f64], at: usize) -> Self {
            let start = at % PACK;
            if start == 0 {
                return Self::load(values, at);
            }
            Self::load(values, at - start).across(Self::load(values, at - start + PACK), start)
        }

        #[inline(always)]
        fn across(self, next: Self, start: usize) -> Self {
            // SAFETY: see the head of this module; a row of the table is eight integers.
            unsafe {
                let places = _mm512_loadu_epi64(ACROSS[start].as_ptr());
                Self(_mm512_permutex2var_pd(self.0, places, next.0))
            }
        }

        shared_methods!(
            8,
            _mm512_set1_pd,
            _mm512_loadu_pd,
            _mm512_storeu_pd,
            _mm512_fmadd_pd,
            _mm512_sqrt_pd,
            _mm512_and_pd,
            _mm512_xor_pd
        );

        #[inline(always)]
        fn select_less(self, bound: Self, yes: Self, no: Self) -> Self {
            // SAFETY: see the head of this module.
            Self(unsafe {
                _mm512_mask_blend_pd(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, bound.0), no.0, yes.0)
            })
        }

        #[inline(always)]
        fn select_fewer_bits(self, bound: Self, yes: Self, no: Self) -> Self {
            // SAFETY: see the head of this module.
            unsafe {
                let fewer =
                    _mm512_cmplt_epi64_mask(_mm512_castpd_si512(self.0), _mm512_castpd_si512(bound.0));
                Self(_mm512_mask_blend_pd(fewer, no.0, yes.0))
            }
        }

        #[inline(always)]
        fn all_at_most(self, bound: Self) -> bool {
            // SAFETY: see the head of this module.
            unsafe { _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, bound.0) == 0xff }
        }

        #[inline(always)]
        fn shift_left<const BITS: u32>(self) -> Self {
            // SAFETY: see the head of this module.
            unsafe { Self(_mm512_castsi512_pd(_mm512_slli_epi64::<BITS>(_mm512_castpd_si512(self.0)))) }
        }

        #[inline(always)]
        fn max(self, other: Self) -> Self {
            // SAFETY: see the head of this module.
            unsafe {
                let larger = _mm512_max_epi64(_mm512_castpd_si512(self.0), _mm512_castpd_si512(other.0));
                Self(_mm512_castsi512_pd(larger))
            }
        }

        #[inline(always)]
        fn interleave(self, other: Self) -> (Self, Self) {
            // SAFETY: see the head of this module.
            unsafe {
                let first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
                let second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
                (
                    Self(_mm512_permutex2var_pd(self.0, first, other.0)),
                    Self(_mm512_permutex2var_pd(self.0, second, other.0)),
                )
            }
        }

        #[inline(always)]
        fn add_bits(self, other: Self) -> Self {
            // SAFETY: see the head of this module.
            unsafe {
                let sum = _mm512_add_epi64(_mm512_castpd_si512(self.0), _mm512_castpd_si512(other.0));
                Self(_mm512_castsi512_pd(sum))
            }
        }
    }
}
