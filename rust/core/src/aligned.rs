//! Vectors of doubles that start on a cache line, so that no packed load straddles two.

use std::ops::{Deref, DerefMut};

const LINE: usize = 64;
const PER_LINE: usize = LINE / size_of::<f64>();

/// A fixed-size array of doubles aligned to 64 bytes.
#[derive(Debug)]
pub(crate) struct Aligned {
    storage: Vec<f64>,
    start: usize,
    length: usize,
}

impl Aligned {
    /// `length` copies of `value`.
    #[must_use]
    pub(crate) fn filled(length: usize, value: f64) -> Self {
        let storage = vec![value; length + PER_LINE];
        let offset = storage.as_ptr().align_offset(LINE);
        // `align_offset` may refuse to answer; an unaligned start is slower and still correct.
        let start = if offset <= PER_LINE { offset } else { 0 };
        Self { storage, start, length }
    }

    /// `length` zeros.
    #[must_use]
    pub(crate) fn zeros(length: usize) -> Self {
        Self::filled(length, 0.0)
    }
}

impl Default for Aligned {
    fn default() -> Self {
        Self::zeros(0)
    }
}

impl From<&[f64]> for Aligned {
    fn from(values: &[f64]) -> Self {
        let mut aligned = Self::zeros(values.len());
        aligned.copy_from_slice(values);
        aligned
    }
}

impl Clone for Aligned {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl Deref for Aligned {
    type Target = [f64];

    #[inline(always)]
    fn deref(&self) -> &[f64] {
        &self.storage[self.start..self.start + self.length]
    }
}

impl DerefMut for Aligned {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.storage[self.start..self.start + self.length]
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
