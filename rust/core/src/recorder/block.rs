//! Samples that wait until a block of them is full.
//!
//! The time loop produces all values of one sample, a buffer wants all samples of one value. A block turns them
//! around and writes, for each series, several whole cache lines in a row past the caches: that costs neither a read of
//! what is overwritten, nor the place of what the time loop needs again. While one block fills, the one before is
//! written little by little, so that the memory is never waited for.

use super::series::Series;
use crate::aligned::Aligned;
use crate::vector::{Instructions, PACK, Vector, packs, transpose};

/// Samples in a block, a multiple of [`PACK`].
const CAPACITY: usize = 64;

/// Samples of one value: the last ones of the block before, as a cache line of a buffer may start there, then those of
/// the block.
const LINE: usize = PACK + CAPACITY;

/// Blocks of a state vector, and the series that are read from it.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Sorted by place.
    series: Vec<Series>,
    width: usize,
    /// Samples of the block that fills and of the one that is written, `[sample][value]`, laid out like a line.
    filling: Aligned,
    full: Aligned,
    /// Samples in the block that fills, and before it.
    count: usize,
    first: usize,
    /// Series of the full block that have been written, and those written with each sample.
    written: usize,
    quota: usize,
    /// The pack whose lines were made last, and these.
    turned: usize,
    lines: Aligned,
}

impl Blocks {
    /// Empty blocks for states of `width` values.
    pub(super) fn new(mut series: Vec<Series>, width: usize, sample_count: usize) -> Self {
        series.sort_by_key(|series| series.place);
        let rows = PACK + sample_count.min(CAPACITY);
        let full_rows = if sample_count >= CAPACITY { LINE } else { 0 };
        Self {
            width,
            filling: Aligned::zeros(rows * width),
            full: Aligned::zeros(full_rows * width),
            count: 0,
            first: 0,
            written: series.len(),
            quota: series.len().div_ceil(CAPACITY),
            turned: usize::MAX,
            lines: Aligned::zeros(PACK * LINE),
            series,
        }
    }

    /// Takes in a sample, given in parts, and writes a part of the block before.
    #[inline(always)]
    pub(super) fn push<I: Instructions, const PARTS: usize, const N: usize>(
        &mut self,
        sample: [&[f64]; PARTS],
        buffers: [&mut &mut [f64]; N],
        samples: usize,
    ) {
        let mut row = (PACK + self.count) * self.width;
        let filling = &mut self.filling[..];
        for part in sample {
            for at in packs(0, part.len()) {
                I::Pack::load(part, at).store(filling, row + at);
            }
            row += part.len();
        }
        self.count += 1;
        self.write::<I, N>(self.quota, buffers, samples);
        if self.count == CAPACITY {
            self.turn_over();
        }
    }

    /// The block that is full now is written next.
    #[inline(never)]
    fn turn_over(&mut self) {
        std::mem::swap(&mut self.filling, &mut self.full);
        self.filling[..PACK * self.width].copy_from_slice(&self.full[CAPACITY * self.width..]);
        self.first += CAPACITY;
        self.count = 0;
        self.written = 0;
        self.turned = usize::MAX;
    }

    /// Writes some series of the full block: `buffer[row][sample] = factor value`.
    #[inline(always)]
    pub(super) fn write<I: Instructions, const N: usize>(
        &mut self,
        series_count: usize,
        buffers: [&mut &mut [f64]; N],
        samples: usize,
    ) {
        let end = self.series.len().min(self.written.saturating_add(series_count));
        while self.written < end {
            let Series { place, factor, buffer, row } = self.series[self.written];
            if self.turned != place / PACK {
                self.turned = place / PACK;
                self.turn::<I>();
            }
            let line = &self.lines[place % PACK * LINE..][..LINE];
            write_line::<I>(line, factor, &mut buffers[buffer][row * samples..], self.first - CAPACITY);
            self.written += 1;
        }
    }

    /// Turns the values of a pack into lines.
    #[inline(always)]
    fn turn<I: Instructions>(&mut self) {
        let (full, lines) = (&self.full[..], &mut self.lines[..]);
        for square in packs(0, LINE) {
            let mut rows = [I::Pack::splat(0.0); PACK];
            for sample in 0..PACK {
                rows[sample] = I::Pack::load(full, (square + sample) * self.width + self.turned * PACK);
            }
            rows = transpose(rows);
            for value in 0..PACK {
                rows[value].store(lines, value * LINE + square);
            }
        }
    }

    /// Writes the samples of a block that is not full, and those left over from the one before.
    pub(super) fn write_rest<const N: usize>(&self, buffers: [&mut &mut [f64]; N], samples: usize) {
        for Series { place, factor, buffer, row } in &self.series {
            let row = &mut buffers[*buffer][row * samples..][..samples];
            let held_back = if self.first > 0 { misplacement(row) } else { 0 };
            for sample in PACK - held_back..PACK + self.count {
                row[self.first + sample - PACK] = factor * self.filling[sample * self.width + place] + 0.0;
            }
        }
    }
}

/// Values from the start of a cache line to that of a row.
#[inline(always)]
fn misplacement(row: &[f64]) -> usize {
    row.as_ptr().addr() / size_of::<f64>() % PACK
}

/// Writes the samples of a block, `first` and later ones, as far as they fill cache lines; those left over come with the
/// next block.
#[inline(always)]
fn write_line<I: Instructions>(line: &[f64], factor: f64, row: &mut [f64], first: usize) {
    let held_back = misplacement(row);
    // Adding zero turns the -0.0 of a negative factor into 0.0.
    let (factor, zero) = (I::Pack::splat(factor), I::Pack::splat(0.0));
    let mut start = 0;
    if first == 0 && held_back > 0 {
        let scaled = I::Pack::load(line, PACK) * factor + zero;
        let mut values = [0.0; PACK];
        scaled.store(&mut values, 0);
        row[..PACK - held_back].copy_from_slice(&values[..PACK - held_back]);
        start = PACK;
    }
    for at in packs(start, CAPACITY) {
        let values = I::Pack::load(line, PACK - held_back + at) * factor + zero;
        values.stream(row, first + at - held_back);
    }
}
