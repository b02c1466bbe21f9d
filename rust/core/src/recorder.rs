//! Recording into the caller's buffers.
//!
//! Samples are staged in a small block, so that the buffers are written in whole cache lines.

use std::ops::Range;

use crate::aligned::Aligned;
use crate::assembly::Coefficients;
use crate::history::History;
use crate::schedule::Layout;
use crate::vector::{Instructions, PACK, Vector, packs, transpose};

/// Samples in a block: those of a pack form a square.
const BLOCK: usize = PACK;

/// Writes the samples of one batch of lanes.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    history: History<'a>,
    sample_count: usize,
    member_count: usize,
    states: Sheet,
    rows: Sheet,
    /// Staged samples, `[pack][sample][value]`.
    positions: Aligned,
    velocities: Aligned,
    reactions: Aligned,
    /// Reactions of one sample.
    reaction: Aligned,
    recorded: usize,
}

/// A row of a buffer: a value of a state vector times a factor.
#[derive(Clone, Copy, Debug)]
struct Series {
    place: usize,
    factor: f64,
    buffer: usize,
    row: usize,
}

/// The series that are read from each pack of a state vector.
#[derive(Debug)]
struct Sheet {
    series: Vec<Series>,
    /// First series of each pack, and their number.
    first: Vec<usize>,
}

impl Sheet {
    fn new(mut series: Vec<Series>, length: usize) -> Self {
        series.sort_by_key(|series| series.place);
        let first = |pack: usize| series.partition_point(|series| series.place < pack * PACK);
        Self { first: (0..=length / PACK).map(first).collect(), series }
    }
}

impl<'a> Recorder<'a> {
    /// A recorder of the given members; `ratio` is that of each coordinate to the one that stands in its place.
    pub(crate) fn new(
        history: History<'a>,
        layout: &Layout,
        members: &[usize],
        ratio: &Coefficients,
        constraint_count: usize,
        sample_count: usize,
    ) -> Self {
        let reaction_length = if history.reaction.is_some() {
            (constraint_count * layout.lanes).next_multiple_of(PACK)
        } else {
            0
        };
        Self {
            history,
            sample_count,
            member_count: members.len(),
            states: Sheet::new(state_series(layout, members, ratio), layout.length),
            rows: Sheet::new(row_series(layout.lanes, members.len(), constraint_count), reaction_length),
            positions: Aligned::zeros(BLOCK * layout.length),
            velocities: Aligned::zeros(BLOCK * layout.length),
            reactions: Aligned::zeros(BLOCK * reaction_length),
            reaction: Aligned::zeros(reaction_length),
            recorded: 0,
        }
    }

    /// Where the reactions of the next sample go, if they are wanted.
    pub(crate) fn next_reactions(&mut self) -> Option<&mut [f64]> {
        self.history.reaction.is_some().then_some(&mut self.reaction)
    }

    /// Records a state.
    pub(crate) fn record<I: Instructions>(&mut self, position: &[f64], velocity: &[f64]) {
        let sample = self.recorded % BLOCK;
        self.recorded += 1;
        I::vectorize(
            #[inline(always)]
            || {
                stage::<I>(position, &mut self.positions, sample);
                stage::<I>(velocity, &mut self.velocities, sample);
                stage::<I>(&self.reaction, &mut self.reactions, sample);
                if sample + 1 == BLOCK {
                    self.write_block::<I>();
                }
            },
        );
    }

    /// Writes what is still staged.
    pub(crate) fn finish(&mut self) {
        let (count, samples) = (self.recorded % BLOCK, self.sample_count);
        let first = self.recorded - count;
        let History { angle, displacement, angular_velocity, velocity, reaction } = &mut self.history;
        write_rest(&self.states, &self.positions, [angle, displacement], first..first + count, samples);
        write_rest(
            &self.states,
            &self.velocities,
            [angular_velocity, velocity],
            first..first + count,
            samples,
        );
        if let Some(reaction) = reaction {
            write_rest(&self.rows, &self.reactions, [reaction], first..first + count, samples);
        }
    }

    #[inline(always)]
    fn write_block<I: Instructions>(&mut self) {
        let (first, samples) = (self.recorded - BLOCK, self.sample_count);
        let History { angle, displacement, angular_velocity, velocity, reaction } = &mut self.history;
        write_whole::<I, 2>(&self.states, &self.positions, [angle, displacement], first, samples);
        write_whole::<I, 2>(&self.states, &self.velocities, [angular_velocity, velocity], first, samples);
        if let Some(reaction) = reaction {
            write_whole::<I, 1>(&self.rows, &self.reactions, [reaction], first, samples);
        }
    }

    /// Sets the samples of a lane from `first` on to NaN.
    pub(crate) fn erase(&mut self, lane: usize, first: usize) {
        let (samples, members) = (self.sample_count, self.member_count);
        let History { angle, displacement, angular_velocity, velocity, reaction } = &mut self.history;
        let buffers = [angle, displacement, angular_velocity, velocity];
        for buffer in buffers.into_iter().chain(reaction) {
            let rows = buffer.len() / samples / members;
            for row in buffer.chunks_exact_mut(samples).skip(lane * rows).take(rows) {
                row[first.min(samples)..].fill(f64::NAN);
            }
        }
    }
}

/// Rows of the angle (0) and displacement (1) buffers, or of those of their rates.
fn state_series(layout: &Layout, members: &[usize], ratio: &Coefficients) -> Vec<Series> {
    let count = layout.offset.len();
    let of_lane = |lane: usize| {
        (0..count).map(move |coordinate| Series {
            place: layout.offset[coordinate] + lane,
            factor: ratio.at(members[lane], coordinate),
            buffer: coordinate % 2,
            row: lane * (count / 2) + coordinate / 2,
        })
    };
    (0..members.len()).flat_map(of_lane).collect()
}

/// Rows of the reaction buffer.
fn row_series(lanes: usize, member_count: usize, constraint_count: usize) -> Vec<Series> {
    let of_lane = |lane: usize| {
        (0..constraint_count).map(move |constraint| Series {
            place: constraint * lanes + lane,
            factor: 1.0,
            buffer: 0,
            row: lane * constraint_count + constraint,
        })
    };
    (0..member_count).flat_map(of_lane).collect()
}

/// Puts a sample into a block.
#[inline(always)]
fn stage<I: Instructions>(values: &[f64], block: &mut [f64], sample: usize) {
    for at in packs(0, values.len()) {
        I::Pack::load(values, at).store(block, at * BLOCK + sample * PACK);
    }
}

/// Writes a whole block: `buffer[row][first + s] = factor block[s][place]` for each series.
#[inline(always)]
fn write_whole<I: Instructions, const N: usize>(
    sheet: &Sheet,
    block: &[f64],
    buffers: [&mut &mut [f64]; N],
    first: usize,
    samples: usize,
) {
    let mut lines = [0.0; PACK * BLOCK];
    for (pack, block) in block.chunks_exact(PACK * BLOCK).enumerate() {
        let series = &sheet.series[sheet.first[pack]..sheet.first[pack + 1]];
        if series.is_empty() {
            continue;
        }
        let mut rows = [I::Pack::splat(0.0); PACK];
        for sample in 0..BLOCK {
            rows[sample] = I::Pack::load(block, sample * PACK);
        }
        rows = transpose(rows);
        for value in 0..PACK {
            rows[value].store(&mut lines, value * BLOCK);
        }
        for series in series {
            // Adding zero turns the -0.0 of a negative factor into 0.0.
            let line = I::Pack::load(&lines, series.place % PACK * BLOCK) * I::Pack::splat(series.factor)
                + I::Pack::splat(0.0);
            let at = series.row * samples + first;
            line.store(buffers[series.buffer], at);
            prefetch(buffers[series.buffer], at + 2 * BLOCK);
        }
    }
}

/// Asks for the cache line that will be written next, so that it is there by then.
#[inline(always)]
fn prefetch(values: &[f64], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(at) {
        // SAFETY: a hint, which every processor of the target accepts, and the address is that of a value.
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_ET0 }>(
                std::ptr::from_ref(value).cast(),
            )
        }
    }
}

/// Writes a block that is not full.
fn write_rest<const N: usize>(
    sheet: &Sheet,
    block: &[f64],
    buffers: [&mut &mut [f64]; N],
    recorded: Range<usize>,
    samples: usize,
) {
    for series in &sheet.series {
        let (pack, value) = (series.place / PACK, series.place % PACK);
        for (sample, at) in recorded.clone().enumerate() {
            let staged = block[(pack * BLOCK + sample) * PACK + value];
            buffers[series.buffer][series.row * samples + at] = series.factor * staged + 0.0;
        }
    }
}
