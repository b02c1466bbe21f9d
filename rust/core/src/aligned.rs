//! Vectors of doubles that start on a cache line, so that no packed load straddles two.

use std::ops::{Deref, DerefMut};

const PER_LINE: usize = 8;

/// A cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f64; PER_LINE]);

/// A fixed-size array of doubles aligned to 64 bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
    length: usize,
}

impl Aligned {
    /// `length` copies of `value`.
    pub(crate) fn filled(length: usize, value: f64) -> Self {
        Self { lines: vec![Line([value; PER_LINE]); length.div_ceil(PER_LINE)], length }
    }

    /// `length` zeros.
    pub(crate) fn zeros(length: usize) -> Self {
        Self::filled(length, 0.0)
    }
}

impl From<&[f64]> for Aligned {
    fn from(values: &[f64]) -> Self {
        let mut aligned = Self::zeros(values.len());
        aligned.copy_from_slice(values);
        aligned
    }
}

impl Deref for Aligned {
    type Target = [f64];

    #[inline(always)]
    fn deref(&self) -> &[f64] {
        // SAFETY: a line is `PER_LINE` doubles without padding, and `filled`, the only constructor, makes enough
        // lines for `length`, which never changes.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl DerefMut for Aligned {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f64] {
        // SAFETY: as in `deref`; the borrow of `self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::Aligned;

    #[test]
    fn starts_on_a_cache_line_and_survives_a_move() {
        let arrays: Vec<Aligned> = (1..20).map(|n| Aligned::filled(n, 3.0)).collect();
        for (array, length) in arrays.iter().zip(1..) {
            assert_eq!(array.as_ptr().align_offset(64), 0);
            assert_eq!(array.len(), length);
            assert!(array.clone().iter().all(|&value| value == 3.0));
        }
    }
}
