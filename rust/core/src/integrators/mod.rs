//! Time integration methods, one file each. A step takes the state from `t` to `t + h` in place.

mod euler;
mod rk4;
mod verlet;

pub(crate) use euler::euler_step;
pub(crate) use rk4::rk4_step;
pub(crate) use verlet::verlet_step;

use crate::aligned::Aligned;
use crate::elements::Instant;
use crate::system::System;
use crate::vector::{Instructions, packs};

/// The state of a batch of lanes and the vectors that a step works with.
#[derive(Debug)]
pub(crate) struct Motion {
    pub(crate) position: Aligned,
    pub(crate) velocity: Aligned,
    /// Length of the vectors that is in use.
    pub(crate) length: usize,
    stage_position: Aligned,
    /// Of the second to the fourth stage.
    stage_velocity: [Aligned; 3],
    acceleration: Aligned,
    acceleration_sum: Aligned,
    /// Forcing at the start, the middle and the end of the step.
    pub(crate) start: Instant,
    middle: Instant,
    end: Instant,
}

impl Motion {
    /// A state at time 0.
    pub(crate) fn new<I: Instructions>(system: &mut System, position: Aligned, velocity: Aligned) -> Self {
        let zeros = || Aligned::zeros(position.len());
        let forcing = &mut system.elements.forcing;
        let mut start = forcing.instant();
        forcing.evaluate::<I>(0, &mut start);
        Self {
            length: system.length,
            stage_position: zeros(),
            stage_velocity: [zeros(), zeros(), zeros()],
            acceleration: zeros(),
            acceleration_sum: zeros(),
            middle: start.clone(),
            end: start.clone(),
            start,
            position,
            velocity,
        }
    }

    /// Multipliers of all constraints at the present state.
    pub(crate) fn reactions<I: Instructions>(&mut self, system: &mut System, reaction: &mut [f64]) {
        system.reactions::<I>(&self.position, &self.velocity, &self.start, &mut self.acceleration, reaction);
    }
}

/// The vectors of a [`Motion`] as slices, so that loops over them keep their addresses in registers.
struct Slices<'a> {
    position: &'a mut [f64],
    velocity: &'a mut [f64],
    stage_position: &'a mut [f64],
    stage_velocity: [&'a mut [f64]; 3],
    acceleration: &'a mut [f64],
    acceleration_sum: &'a mut [f64],
    start: &'a Instant,
    middle: &'a Instant,
    end: &'a Instant,
}

impl Slices<'_> {
    /// The same slices as a value of its own, whose parts a kernel keeps in registers.
    #[inline(always)]
    fn reborrow(&mut self) -> Slices<'_> {
        let [second, third, fourth] = &mut self.stage_velocity;
        Slices {
            position: self.position,
            velocity: self.velocity,
            stage_position: self.stage_position,
            stage_velocity: [second, third, fourth],
            acceleration: self.acceleration,
            acceleration_sum: self.acceleration_sum,
            ..*self
        }
    }
}

impl Motion {
    fn slices(&mut self) -> Slices<'_> {
        Slices {
            position: &mut self.position,
            velocity: &mut self.velocity,
            stage_position: &mut self.stage_position,
            stage_velocity: self.stage_velocity.each_mut().map(|velocity| &mut velocity[..]),
            acceleration: &mut self.acceleration,
            acceleration_sum: &mut self.acceleration_sum,
            start: &self.start,
            middle: &self.middle,
            end: &self.end,
        }
    }
}

/// Calls `update` for the place of each pack of the state vectors.
fn for_each_pack<I: Instructions>(motion: &mut Motion, mut update: impl FnMut(&mut Slices<'_>, usize)) {
    let length = motion.length;
    let mut slices = motion.slices();
    I::vectorize(
        #[inline(always)]
        || {
            for at in packs(0, length) {
                update(&mut slices, at);
            }
        },
    );
}
