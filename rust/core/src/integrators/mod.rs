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
use crate::vector::{Instructions, PACK};

/// The state of a batch of lanes and the vectors that a step works with.
#[derive(Debug)]
pub(crate) struct Motion {
    pub(crate) position: Aligned,
    pub(crate) velocity: Aligned,
    stage_position: Aligned,
    stage_velocity: Aligned,
    acceleration: Aligned,
    position_sum: Aligned,
    velocity_sum: Aligned,
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
        forcing.evaluate::<I>(0.0, &mut start);
        Self {
            stage_position: zeros(),
            stage_velocity: zeros(),
            acceleration: zeros(),
            position_sum: zeros(),
            velocity_sum: zeros(),
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

/// Calls `update` with the place of each pack of a state vector.
fn for_each_pack<I: Instructions>(length: usize, mut update: impl FnMut(usize)) {
    I::vectorize(
        #[inline(always)]
        || {
            for at in (0..length).step_by(PACK) {
                update(at);
            }
        },
    );
}
