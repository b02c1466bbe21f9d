//! Recording into the caller's buffers.

mod block;
mod series;

use crate::aligned::Aligned;
use crate::assembly::Coefficients;
use crate::history::History;
use crate::schedule::Layout;
use crate::vector::{Instructions, PACK};
use block::Blocks;

/// Writes the samples of one batch of lanes.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    history: History<'a>,
    sample_count: usize,
    member_count: usize,
    states: Blocks,
    reactions: Blocks,
    /// Reactions of one sample.
    reaction: Aligned,
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
        let recorded_rows = if history.reaction.is_some() { constraint_count } else { 0 };
        let reaction_length = (recorded_rows * layout.lanes).next_multiple_of(PACK);
        let states = series::state_series(layout, members, ratio);
        let rows = series::row_series(layout.lanes, members.len(), recorded_rows);
        Self {
            history,
            sample_count,
            member_count: members.len(),
            states: Blocks::new(states, 2 * layout.length, sample_count),
            reactions: Blocks::new(rows, reaction_length, sample_count),
            reaction: Aligned::zeros(reaction_length),
        }
    }

    /// Where the reactions of the next sample go, if they are wanted.
    pub(crate) fn next_reactions(&mut self) -> Option<&mut [f64]> {
        self.history.reaction.is_some().then_some(&mut self.reaction)
    }

    /// Records a state.
    pub(crate) fn record<I: Instructions>(&mut self, position: &[f64], velocity: &[f64]) {
        let samples = self.sample_count;
        let History { angle, displacement, angular_velocity, velocity: rate, reaction } = &mut self.history;
        let buffers = [angle, displacement, angular_velocity, rate];
        I::vectorize(
            #[inline(always)]
            || self.states.push::<I, 2, 4>([position, velocity], buffers, samples),
        );
        if let Some(reaction) = reaction {
            I::vectorize(
                #[inline(always)]
                || self.reactions.push::<I, 1, 1>([&self.reaction], [reaction], samples),
            );
        }
    }

    /// Writes what has not been written.
    pub(crate) fn finish<I: Instructions>(&mut self) {
        let samples = self.sample_count;
        let History { angle, displacement, angular_velocity, velocity, reaction } = &mut self.history;
        let mut buffers = [angle, displacement, angular_velocity, velocity];
        I::vectorize(
            #[inline(always)]
            || self.states.write::<I, 4>(usize::MAX, buffers.each_mut().map(|buffer| &mut **buffer), samples),
        );
        self.states.write_rest(buffers, samples);
        if let Some(reaction) = reaction {
            I::vectorize(
                #[inline(always)]
                || self.reactions.write::<I, 1>(usize::MAX, [reaction], samples),
            );
            self.reactions.write_rest([reaction], samples);
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
