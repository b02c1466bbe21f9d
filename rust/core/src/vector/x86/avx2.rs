//! AVX2: a pack is two registers of four values.

use std::arch::x86_64::*;

use crate::vector::packs::Parts;
use crate::vector::{Instructions, Single, Vector};

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
        // SAFETY: see the head of `x86`.
        unsafe { compiled(kernel) }
    }
}

/// Four values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ymm(__m256d);

operators!(Ymm, Add add _mm256_add_pd, Sub sub _mm256_sub_pd, Mul mul _mm256_mul_pd, Div div _mm256_div_pd);
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
        // SAFETY: see the head of `x86`.
        Self(unsafe { _mm256_blendv_pd(no.0, yes.0, _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, bound.0)) })
    }

    #[inline(always)]
    fn select_fewer_bits(self, bound: Self, yes: Self, no: Self) -> Self {
        // SAFETY: see the head of `x86`.
        unsafe {
            let fewer = _mm256_cmpgt_epi64(_mm256_castpd_si256(bound.0), _mm256_castpd_si256(self.0));
            Self(_mm256_blendv_pd(no.0, yes.0, _mm256_castsi256_pd(fewer)))
        }
    }

    #[inline(always)]
    fn all_at_most(self, bound: Self) -> bool {
        // SAFETY: see the head of `x86`.
        unsafe { _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LE_OQ>(self.0, bound.0)) == 0xf }
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        // SAFETY: see the head of `x86`.
        unsafe {
            let count = _mm_cvtsi32_si128(BITS.cast_signed());
            Self(_mm256_castsi256_pd(_mm256_sll_epi64(_mm256_castpd_si256(self.0), count)))
        }
    }

    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        // SAFETY: see the head of `x86`.
        unsafe {
            let even = _mm256_unpacklo_pd(self.0, other.0);
            let odd = _mm256_unpackhi_pd(self.0, other.0);
            let first = _mm256_permute2f128_pd::<0x20>(even, odd);
            (Self(first), Self(_mm256_permute2f128_pd::<0x31>(even, odd)))
        }
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        // SAFETY: see the head of `x86`.
        unsafe {
            let sum = _mm256_add_epi64(_mm256_castpd_si256(self.0), _mm256_castpd_si256(other.0));
            Self(_mm256_castsi256_pd(sum))
        }
    }
}
