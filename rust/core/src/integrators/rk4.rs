//! Classical Runge-Kutta on (q, v); every stage state is projected before it is differentiated.

use super::{Motion, for_each_pack};
use crate::phases::Phase;
use crate::system::{Rows, System};
use crate::vector::{Instructions, Vector};

/// One step of size `dt` to `time`. The first stage state is the end of the step before: already projected.
pub(crate) fn rk4_step<I: Instructions>(system: &mut System, motion: &mut Motion, dt: f64, time: f64) {
    let forcing = &mut system.elements.forcing;
    forcing.evaluate::<I>(time - 0.5 * dt, &mut motion.middle);
    forcing.evaluate::<I>(time, &mut motion.end);
    for stage in 0..4 {
        let (position, velocity, instant) = match stage {
            0 => (&motion.position, &motion.velocity, &motion.start),
            3 => (&motion.stage_position, &motion.stage_velocity, &motion.end),
            _ => (&motion.stage_position, &motion.stage_velocity, &motion.middle),
        };
        system.acceleration::<I>(position, velocity, instant, Rows::All, &mut motion.acceleration);
        match stage {
            0 => start::<I>(motion, 0.5 * dt),
            1 => advance::<I>(motion, 0.5 * dt),
            2 => advance::<I>(motion, dt),
            _ => finish::<I>(motion, dt),
        }
        system.clock().end(Phase::StageEvaluation);
        if stage < 3 {
            let stage_time = if stage == 2 { time } else { time - 0.5 * dt };
            system.project::<I>(&mut motion.stage_position, &mut motion.stage_velocity, stage_time, false);
        }
    }
    system.project::<I>(&mut motion.position, &mut motion.velocity, time, true);
    system.finish_step::<I>(&mut motion.position, &mut motion.velocity, time);
    std::mem::swap(&mut motion.start, &mut motion.end);
}

/// Starts the sums with the first derivatives and moves on to the second stage state.
fn start<I: Instructions>(motion: &mut Motion, step: f64) {
    let step = I::Pack::splat(step);
    for_each_pack::<I>(
        motion,
        #[inline(always)]
        |m, at| {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let (rate, acceleration) = (load(m.velocity), load(m.acceleration));
            rate.store(m.position_sum, at);
            acceleration.store(m.velocity_sum, at);
            rate.mul_add(step, load(m.position)).store(m.stage_position, at);
            acceleration.mul_add(step, rate).store(m.stage_velocity, at);
        },
    );
}

/// Adds the stage's derivatives to the sums and moves on to the next stage state.
fn advance<I: Instructions>(motion: &mut Motion, step: f64) {
    let (step, two) = (I::Pack::splat(step), I::Pack::splat(2.0));
    for_each_pack::<I>(
        motion,
        #[inline(always)]
        |m, at| {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let (rate, acceleration) = (load(m.stage_velocity), load(m.acceleration));
            two.mul_add(rate, load(m.position_sum)).store(m.position_sum, at);
            two.mul_add(acceleration, load(m.velocity_sum)).store(m.velocity_sum, at);
            rate.mul_add(step, load(m.position)).store(m.stage_position, at);
            acceleration.mul_add(step, load(m.velocity)).store(m.stage_velocity, at);
        },
    );
}

/// Adds the last stage and takes the step.
fn finish<I: Instructions>(motion: &mut Motion, dt: f64) {
    let sixth = I::Pack::splat(dt / 6.0);
    for_each_pack::<I>(
        motion,
        #[inline(always)]
        |m, at| {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let rate = load(m.position_sum) + load(m.stage_velocity);
            let acceleration = load(m.velocity_sum) + load(m.acceleration);
            rate.mul_add(sixth, load(m.position)).store(m.position, at);
            acceleration.mul_add(sixth, load(m.velocity)).store(m.velocity, at);
        },
    );
}
