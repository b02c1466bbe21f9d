//! Classical Runge-Kutta on (q, v); every stage state is projected before it is differentiated.

use super::{Motion, for_each_pack};
use crate::phases::Phase;
use crate::system::System;
use crate::vector::{Instructions, Vector};

/// One step of size `dt` to `time`. The first stage state is the end of the step before: already projected.
pub(crate) fn rk4_step<I: Instructions>(system: &mut System, motion: &mut Motion, dt: f64, time: f64) {
    let forcing = &mut system.elements.forcing;
    forcing.evaluate::<I>(time - 0.5 * dt, &mut motion.middle);
    forcing.evaluate::<I>(time, &mut motion.end);
    motion.stage_position.copy_from_slice(&motion.position);
    motion.stage_velocity.copy_from_slice(&motion.velocity);
    for stage in 0..4 {
        let instant = match stage {
            0 => &motion.start,
            3 => &motion.end,
            _ => &motion.middle,
        };
        let (position, velocity) = (&motion.stage_position, &motion.stage_velocity);
        system.acceleration::<I>(position, velocity, instant, &mut motion.acceleration);
        match stage {
            0 => advance::<I, true>(motion, 0.5 * dt),
            1 => advance::<I, false>(motion, 0.5 * dt),
            2 => advance::<I, false>(motion, dt),
            _ => finish::<I>(motion, dt),
        }
        system.clock.end(Phase::StageEvaluation);
        if stage < 3 {
            let stage_time = if stage == 2 { time } else { time - 0.5 * dt };
            system.project::<I>(&mut motion.stage_position, &mut motion.stage_velocity, stage_time);
        }
    }
    system.finish_step::<I>(&mut motion.position, &mut motion.velocity, time);
    std::mem::swap(&mut motion.start, &mut motion.end);
}

/// Adds the stage's derivatives to the sums and moves on to the next stage state.
fn advance<I: Instructions, const FIRST: bool>(motion: &mut Motion, step: f64) {
    let step = I::Pack::splat(step);
    let two = I::Pack::splat(2.0);
    let length = motion.position.len();
    for_each_pack::<I>(
        length,
        #[inline(always)]
        |at| {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let (rate, acceleration) = (load(&motion.stage_velocity), load(&motion.acceleration));
            if FIRST {
                rate.store(&mut motion.position_sum, at);
                acceleration.store(&mut motion.velocity_sum, at);
            } else {
                two.mul_add(rate, load(&motion.position_sum)).store(&mut motion.position_sum, at);
                two.mul_add(acceleration, load(&motion.velocity_sum)).store(&mut motion.velocity_sum, at);
            }
            rate.mul_add(step, load(&motion.position)).store(&mut motion.stage_position, at);
            acceleration.mul_add(step, load(&motion.velocity)).store(&mut motion.stage_velocity, at);
        },
    );
}

/// Adds the last stage and takes the step.
fn finish<I: Instructions>(motion: &mut Motion, dt: f64) {
    let sixth = I::Pack::splat(dt / 6.0);
    let length = motion.position.len();
    for_each_pack::<I>(
        length,
        #[inline(always)]
        |at| {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let rate = load(&motion.position_sum) + load(&motion.stage_velocity);
            let acceleration = load(&motion.velocity_sum) + load(&motion.acceleration);
            let position = rate.mul_add(sixth, load(&motion.position));
            let velocity = acceleration.mul_add(sixth, load(&motion.velocity));
            position.store(&mut motion.position, at);
            velocity.store(&mut motion.velocity, at);
        },
    );
}
