//! Recording into the caller's buffers, whose last axis is time.
//!
//! Samples are staged in a small block, so that the buffers are written in whole cache lines.

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::Layout;
use crate::settings::Settings;

/// Samples in a block.
const BLOCK: usize = 8;

/// The caller's buffers, C-contiguous, of shape (member, body, sample) and (member, constraint, sample).
#[derive(Debug)]
pub struct History<'a> {
    /// Spin angles [rad].
    pub angle: &'a mut [f64],
    /// Axial displacements [m].
    pub displacement: &'a mut [f64],
    /// Angular velocities [rad/s].
    pub angular_velocity: &'a mut [f64],
    /// Axial velocities [m/s].
    pub velocity: &'a mut [f64],
    /// Multipliers lambda, if wanted.
    pub reaction: Option<&'a mut [f64]>,
}

impl<'a> History<'a> {
    /// Checks that every buffer has the size that the assembly and the settings ask for.
    ///
    /// # Errors
    /// Names the buffer, its size and the right one.
    pub fn check(&self, assembly: &Assembly, settings: &Settings) -> Result<(), String> {
        let series = assembly.member_count * settings.sample_count();
        let states = series * assembly.body_count();
        let sizes = [
            ("angle", self.angle.len(), states),
            ("displacement", self.displacement.len(), states),
            ("angular_velocity", self.angular_velocity.len(), states),
            ("velocity", self.velocity.len(), states),
        ];
        let reaction = self
            .reaction
            .as_ref()
            .map(|buffer| ("reaction", buffer.len(), series * assembly.constraint_count()));
        match sizes.into_iter().chain(reaction).find(|(_, found, wanted)| found != wanted) {
            None => Ok(()),
            Some((name, found, wanted)) => Err(format!("buffer {name} holds {found} values, not {wanted}")),
        }
    }

    /// The parts of successive batches of members, given the number of values of a member.
    pub(crate) fn split(self, batches: &[usize], states: usize, reactions: usize) -> Vec<History<'a>> {
        let History { angle, displacement, angular_velocity, velocity, reaction } = self;
        let mut rest = [angle, displacement, angular_velocity, velocity];
        let mut reaction_rest = reaction;
        batches
            .iter()
            .map(|&members| {
                let [angle, displacement, angular_velocity, velocity] =
                    rest.each_mut().map(|buffer| take_front(buffer, members * states));
                let reaction = reaction_rest.as_mut().map(|buffer| take_front(buffer, members * reactions));
                History { angle, displacement, angular_velocity, velocity, reaction }
            })
            .collect()
    }
}

fn take_front<'a>(buffer: &mut &'a mut [f64], count: usize) -> &'a mut [f64] {
    let (front, rest) = std::mem::take(buffer).split_at_mut(count);
    *buffer = rest;
    front
}

/// Writes the samples of one batch of lanes.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    history: History<'a>,
    sample_count: usize,
    member_count: usize,
    /// Place in the state vector of each row of the angle and displacement buffers.
    spins: Vec<usize>,
    axials: Vec<usize>,
    /// Place of each row of the reaction buffer.
    rows: Vec<usize>,
    positions: Aligned,
    velocities: Aligned,
    reactions: Aligned,
    state_length: usize,
    reaction_length: usize,
    recorded: usize,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(
        history: History<'a>,
        layout: &Layout,
        member_count: usize,
        constraint_count: usize,
        sample_count: usize,
    ) -> Self {
        let body_count = layout.offset.len() / 2;
        let rows = |count: usize, place: &dyn Fn(usize) -> usize| -> Vec<usize> {
            (0..member_count)
                .flat_map(|lane| (0..count).map(move |row| (row, lane)))
                .map(|(row, lane)| place(row) + lane)
                .collect()
        };
        let reaction_length = if history.reaction.is_some() { constraint_count * layout.lanes } else { 0 };
        Self {
            history,
            sample_count,
            member_count,
            spins: rows(body_count, &|body| layout.offset[2 * body]),
            axials: rows(body_count, &|body| layout.offset[2 * body + 1]),
            rows: rows(constraint_count, &|row| row * layout.lanes),
            positions: Aligned::zeros(BLOCK * layout.length),
            velocities: Aligned::zeros(BLOCK * layout.length),
            reactions: Aligned::zeros(BLOCK * reaction_length),
            state_length: layout.length,
            reaction_length,
            recorded: 0,
        }
    }

    /// Where the reactions of the next sample go, if they are wanted.
    pub(crate) fn next_reactions(&mut self) -> Option<&mut [f64]> {
        let start = (self.recorded % BLOCK) * self.reaction_length;
        let wanted = self.history.reaction.is_some();
        wanted.then(|| &mut self.reactions[start..start + self.reaction_length])
    }

    /// Records a state.
    #[inline(always)]
    pub(crate) fn record(&mut self, position: &[f64], velocity: &[f64]) {
        let start = (self.recorded % BLOCK) * self.state_length;
        self.positions[start..start + self.state_length].copy_from_slice(position);
        self.velocities[start..start + self.state_length].copy_from_slice(velocity);
        self.recorded += 1;
        if self.recorded.is_multiple_of(BLOCK) {
            self.write_block(BLOCK);
        }
    }

    /// Writes what is still staged.
    pub(crate) fn finish(&mut self) {
        let staged = self.recorded % BLOCK;
        if staged > 0 {
            self.write_block(staged);
        }
    }

    #[inline(always)]
    fn write_block(&mut self, count: usize) {
        let first = self.recorded - count;
        let History { angle, displacement, angular_velocity, velocity, reaction } = &mut self.history;
        let (length, samples) = (self.state_length, self.sample_count);
        transpose(&self.positions, length, &self.spins, count, angle, first, samples);
        transpose(&self.positions, length, &self.axials, count, displacement, first, samples);
        transpose(&self.velocities, length, &self.spins, count, angular_velocity, first, samples);
        transpose(&self.velocities, length, &self.axials, count, velocity, first, samples);
        if let Some(reaction) = reaction {
            transpose(&self.reactions, self.reaction_length, &self.rows, count, reaction, first, samples);
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

/// `target[row][first + s] = block[s][places[row]]` for the staged samples s.
fn transpose(
    block: &[f64],
    length: usize,
    places: &[usize],
    count: usize,
    target: &mut [f64],
    first: usize,
    samples: usize,
) {
    if count < BLOCK {
        for (&place, row) in places.iter().zip(target.chunks_exact_mut(samples)) {
            let staged = block[place..].iter().step_by(length);
            row[first..first + count].iter_mut().zip(staged).for_each(|(value, &staged)| *value = staged);
        }
        return;
    }
    let staged: [&[f64]; BLOCK] = std::array::from_fn(|sample| &block[sample * length..][..length]);
    for (row, &place) in places.iter().enumerate() {
        let line: [f64; BLOCK] = std::array::from_fn(|sample| staged[sample][place]);
        target[row * samples + first..][..BLOCK].copy_from_slice(&line);
    }
}
