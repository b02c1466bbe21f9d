//! Arithmetic on one value or on eight at once, written once for both.
//!
//! A kernel is generic over [`Vector`]. [`Single`] is one value; the packs hold eight in the registers of an
//! instruction set ([`packs`]), and half a pack four. All compute bit by bit the same.
//!
//! Loads and stores of the time loop are not checked against the length of the array in release builds. They
//! need no check: every place comes from the schedule, which is built once from indices that
//! [`crate::Assembly::check`] has looked at, and every array is made as long as its schedule says, rounded up to
//! whole packs. Debug builds, and so all tests of this crate, check each access.

mod packs;
mod single;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::{Add, Div, Mul, Neg, Sub};

pub(crate) use packs::Portable;
pub(crate) use single::Single;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

/// Number of values in a pack.
pub(crate) const PACK: usize = 8;

/// Number of values in half a pack.
pub(crate) const HALF: usize = PACK / 2;

/// The places of the packs from `first` to `end`, both multiples of [`PACK`].
#[inline(always)]
pub(crate) fn packs(first: usize, end: usize) -> Packs {
    Packs { at: first, end }
}

/// See [`packs`]. Unlike a range with a step, it costs one comparison and one addition for each pack.
pub(crate) struct Packs {
    at: usize,
    end: usize,
}

impl Iterator for Packs {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let at = self.at;
        self.at += PACK;
        (at < self.end).then_some(at)
    }
}

/// Values that are computed side by side.
pub(crate) trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// Number of values.
    const WIDTH: usize;

    /// The same value everywhere.
    fn splat(value: f64) -> Self;
    /// Reads `WIDTH` values from position `at` on, which must be there (see the head of this module).
    fn load(values: &[f64], at: usize) -> Self;
    /// Like `load`, of values that were just written at multiples of [`PACK`]: a processor hands out a write that is
    /// still in its store buffer as a whole at once, but makes a load of parts of two writes wait.
    #[inline(always)]
    fn load_across(values: &[f64], at: usize) -> Self {
        Self::load(values, at)
    }
    /// The last values of `self` from place `start` on, then the first ones of `next`; `start` is at most `WIDTH`.
    fn across(self, next: Self, start: usize) -> Self;
    /// Writes the values from position `at` on, which must be there (see the head of this module).
    fn store(self, values: &mut [f64], at: usize);
    /// Like `store`, to the start of a cache line that is not read soon: the write may go past the caches, and is seen by
    /// other threads after [`publish`].
    #[inline(always)]
    fn stream(self, values: &mut [f64], at: usize) {
        self.store(values, at);
    }
    /// `self * factor + addend`, rounded once where the instruction set can.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// Square roots.
    fn sqrt(self) -> Self;
    /// `yes` where `self < bound`, else `no`; also `no` where either is not a number.
    fn select_less(self, bound: Self, yes: Self, no: Self) -> Self;
    /// `yes` where the bits of `self` are a smaller signed integer than those of `bound`, else `no`.
    fn select_fewer_bits(self, bound: Self, yes: Self, no: Self) -> Self;
    /// True if all values are at most `bound`; false if any is not a number.
    fn all_at_most(self, bound: Self) -> bool;
    /// Bitwise and.
    fn and(self, other: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, other: Self) -> Self;
    /// The bits shifted to the left.
    fn shift_left<const BITS: u32>(self) -> Self;
    /// Sum of the bits as integers.
    fn add_bits(self, other: Self) -> Self;
    /// The values of both in turn, a first one of `self`: the first half of them, then the second.
    fn interleave(self, other: Self) -> (Self, Self);

    /// The bits of an integer everywhere.
    #[inline(always)]
    fn splat_bits(bits: u64) -> Self {
        Self::splat(f64::from_bits(bits))
    }

    /// Absolute values.
    #[inline(always)]
    fn abs(self) -> Self {
        self.and(Self::splat_bits(!(1 << 63)))
    }

    /// The size of `self` with the sign of `sign`.
    #[inline(always)]
    fn with_sign_of(self, sign: Self) -> Self {
        self.abs().xor(sign.and(Self::splat_bits(1 << 63)))
    }

    /// The larger of two values that are not negative; what is not a number wins: as integers, the bits of such
    /// values are ordered as the values are, with NaN above infinity.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.select_fewer_bits(other, other, self)
    }

    /// Adds `self` to what stands at position `at`.
    #[inline(always)]
    fn add_to(self, values: &mut [f64], at: usize) {
        (Self::load(values, at) + self).store(values, at);
    }
}

/// Makes what was streamed visible to other threads, as it is after an ordinary store.
pub(crate) fn publish() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of the target has this instruction, which only orders writes.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

/// Turns the rows of a square into its columns. To interleave the halves moves the first bit of a value's place, row
/// and then column, to the end; done three times, the bits of row and column have changed places.
#[inline(always)]
pub(crate) fn transpose<V: Vector>(mut rows: [V; PACK]) -> [V; PACK] {
    for _ in 0..PACK.ilog2() {
        let halves = rows;
        for row in 0..PACK / 2 {
            (rows[2 * row], rows[2 * row + 1]) = halves[row].interleave(halves[row + PACK / 2]);
        }
    }
    rows
}

/// The widths of one instruction set, and the way into code that is compiled for it.
///
/// Types of this trait other than [`Portable`] are only used where [`crate::instructions`] has found that the
/// processor has their instructions.
pub(crate) trait Instructions {
    /// One value.
    type Single: Vector;
    /// Four values.
    type Half: Vector;
    /// Eight values.
    type Pack: Vector;

    /// Runs a kernel in a function of its own that may use the instruction set. The kernel must be
    /// `#[inline(always)]`, and all that it calls.
    fn vectorize<R>(kernel: impl FnOnce() -> R) -> R;
}
