//! RATTLE: position multipliers along G(q_n), velocity multipliers along G(q_{n+1}).
//!
//! Velocity-dependent forces at the end of the step are taken at the extrapolated velocity 2 v_{n+1/2} - v_n:
//! with v_{n+1/2} the method would be of order 1.

use super::{Motion, for_each_pack};
use crate::phases::Phase;
use crate::system::{Rows, System};
use crate::vector::{Instructions, Vector};

/// Step number `step`, counted from 1, of size `dt`.
pub(crate) fn verlet_step<I: Instructions>(system: &mut System, motion: &mut Motion, dt: f64, step: usize) {
    let time = step as f64 * dt;
    system.elements.forcing.evaluate::<I>(2 * step, &mut motion.end);
    let (position, velocity) = (&motion.position, &motion.velocity);
    system.acceleration::<I>(position, velocity, &motion.start, Rows::Linear, &mut motion.acceleration);
    drift::<I>(motion, dt);
    system.clock().end(Phase::StageEvaluation);
    system.slide::<I>(&mut motion.position, &mut motion.stage_velocity[0], dt, time);
    extrapolate::<I>(motion);
    let (position, velocity) = (&motion.position, &motion.velocity);
    system.acceleration::<I>(position, velocity, &motion.end, Rows::Linear, &mut motion.acceleration);
    kick::<I>(motion, dt);
    system.clock().end(Phase::StageEvaluation);
    system.project_velocities::<I>(&mut motion.velocity);
    system.finish_step::<I>(&mut motion.position, &mut motion.velocity, time);
    std::mem::swap(&mut motion.start, &mut motion.end);
}

/// v_{n+1/2} = v_n + h/2 a into the stage velocity, q += h v_{n+1/2}.
fn drift<I: Instructions>(motion: &mut Motion, dt: f64) {
    let (step, half) = (I::Pack::splat(dt), I::Pack::splat(0.5 * dt));
    for_each_pack::<I>(
        motion,
        #[inline(always)]
        |m, at| {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let half_velocity = load(m.acceleration).mul_add(half, load(m.velocity));
            half_velocity.store(m.stage_velocity[0], at);
            half_velocity.mul_add(step, load(m.position)).store(m.position, at);
        },
    );
}

/// v = 2 v_{n+1/2} - v_n.
fn extrapolate<I: Instructions>(motion: &mut Motion) {
    let two = I::Pack::splat(2.0);
    for_each_pack::<I>(
        motion,
        #[inline(always)]
        |m, at| {
            let half_velocity = I::Pack::load(m.stage_velocity[0], at);
            two.mul_add(half_velocity, -I::Pack::load(m.velocity, at)).store(m.velocity, at);
        },
    );
}

/// v = v_{n+1/2} + h/2 a.
fn kick<I: Instructions>(motion: &mut Motion, dt: f64) {
    let half = I::Pack::splat(0.5 * dt);
    for_each_pack::<I>(
        motion,
        #[inline(always)]
        |m, at| {
            let half_velocity = I::Pack::load(m.stage_velocity[0], at);
            I::Pack::load(m.acceleration, at).mul_add(half, half_velocity).store(m.velocity, at);
        },
    );
}
