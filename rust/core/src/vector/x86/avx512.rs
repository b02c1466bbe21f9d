//! AVX-512: a pack is one register.

use std::arch::x86_64::*;

use super::avx2::Ymm;
use crate::vector::packs::Parts;
use crate::vector::{Instructions, PACK, Single, Vector};

/// AVX-512.
#[derive(Debug)]
pub(crate) struct Avx512;

impl Instructions for Avx512 {
    type Single = Single<true>;
    type Half = Ymm;
    type Pack = Parts<Zmm, 1>;

    #[inline(always)]
    fn vectorize<R>(kernel: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
        #[inline(never)]
        fn compiled<R>(kernel: impl FnOnce() -> R) -> R {
            kernel()
        }
        // SAFETY: see the head of `x86`.
        unsafe { compiled(kernel) }
    }
}

/// Eight values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zmm(__m512d);

operators!(Zmm, Add add _mm512_add_pd, Sub sub _mm512_sub_pd, Mul mul _mm512_mul_pd, Div div _mm512_div_pd);

/// The places from each place of a first pack on, over to those of a second. There are twice as many rows as places to
/// start at, so that no row needs to be checked.
static ACROSS: [[i64; PACK]; 2 * PACK] = {
    let mut places = [[0; PACK]; 2 * PACK];
    let mut start = 0;
    while start <= PACK {
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
        // SAFETY: see the head of `x86`; a row of the table is eight integers.
        unsafe {
            let places = _mm512_loadu_epi64(ACROSS[start % (2 * PACK)].as_ptr());
            Self(_mm512_permutex2var_pd(self.0, places, next.0))
        }
    }

    shared_methods!(
        8,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_stream_pd,
        _mm512_fmadd_pd,
        _mm512_sqrt_pd,
        _mm512_and_pd,
        _mm512_xor_pd
    );

    #[inline(always)]
    fn select_less(self, bound: Self, yes: Self, no: Self) -> Self {
        // SAFETY: see the head of `x86`.
        Self(unsafe { _mm512_mask_blend_pd(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, bound.0), no.0, yes.0) })
    }

    #[inline(always)]
    fn select_fewer_bits(self, bound: Self, yes: Self, no: Self) -> Self {
        // SAFETY: see the head of `x86`.
        unsafe {
            let fewer = _mm512_cmplt_epi64_mask(_mm512_castpd_si512(self.0), _mm512_castpd_si512(bound.0));
            Self(_mm512_mask_blend_pd(fewer, no.0, yes.0))
        }
    }

    #[inline(always)]
    fn all_at_most(self, bound: Self) -> bool {
        // SAFETY: see the head of `x86`.
        unsafe { _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, bound.0) == 0xff }
    }

    #[inline(always)]
    fn shift_left<const BITS: u32>(self) -> Self {
        // SAFETY: see the head of `x86`.
        unsafe { Self(_mm512_castsi512_pd(_mm512_slli_epi64::<BITS>(_mm512_castpd_si512(self.0)))) }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: see the head of `x86`.
        unsafe {
            let larger = _mm512_max_epi64(_mm512_castpd_si512(self.0), _mm512_castpd_si512(other.0));
            Self(_mm512_castsi512_pd(larger))
        }
    }

    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        // SAFETY: see the head of `x86`.
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
        // SAFETY: see the head of `x86`.
        unsafe {
            let sum = _mm512_add_epi64(_mm512_castpd_si512(self.0), _mm512_castpd_si512(other.0));
            Self(_mm512_castsi512_pd(sum))
        }
    }
}
