//! The caller's buffers, whose last axis is time.

use crate::assembly::Assembly;
use crate::settings::Settings;

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
