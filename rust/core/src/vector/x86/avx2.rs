//! AVX2: a pack is two registers of four values.

use std::arch::x86_64::*;

use crate::vector::packs::Parts;
use crate::vector::{Instructions, Single, Vector};

/// AVX2 with fused multiply-add.
#[derive(Debug)]
pub(crate) struct Avx2;

impl Instructions for Avx2 {
    type Single = Single<true>;
    type Half = Ymm;
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
const WIDTH: usize = 4;

/// For each place to start at: which values come from the second register, and where the values stand that come first,
/// as pairs of 32-bit places. There are twice as many rows as places, so that no row needs to be checked.
static ACROSS: [([i64; WIDTH], [i32; 2 * WIDTH]); 2 * WIDTH] = {
    let mut rows = [([0; WIDTH], [0; 2 * WIDTH]); 2 * WIDTH];
    let mut start = 0;
    while start <= WIDTH {
        let mut value = 0;
        while value < WIDTH {
            rows[start].0[value] = if value < start { -1 } else { 0 };
            let place = 2 * ((start + value) % WIDTH) as i32;
            rows[start].1[2 * value] = place;
            rows[start].1[2 * value + 1] = place + 1;
            value += 1;
        }
        start += 1;
    }
    rows
};

impl Vector for Ymm {
    #[inline(always)]
    fn across(self, next: Self, start: usize) -> Self {
        let (from_next, places) = &ACROSS[start % (2 * WIDTH)];
        // SAFETY: see the head of `x86`; the rows of the table are as long as the registers.
        unsafe {
            let from_next = _mm256_castsi256_pd(_mm256_loadu_si256(from_next.as_ptr().cast()));
            let places = _mm256_loadu_si256(places.as_ptr().cast());
            let both = _mm256_castpd_ps(_mm256_blendv_pd(self.0, next.0, from_next));
            Self(_mm256_castps_pd(_mm256_permutevar8x32_ps(both, places)))
        }
    }

    shared_methods!(
        4,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_stream_pd,
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
