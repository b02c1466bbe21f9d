//! Semi-implicit Euler: v += h a(q_n, v_n, t_n), q += h v, both projected.

use super::{Motion, for_each_pack};
use crate::phases::Phase;
use crate::system::{Rows, System};
use crate::vector::{Instructions, Vector};

/// Step number `step`, counted from 1, of size `dt`.
pub(crate) fn euler_step<I: Instructions>(system: &mut System, motion: &mut Motion, dt: f64, step: usize) {
    let time = step as f64 * dt;
    system.elements.forcing.evaluate::<I>(2 * step, &mut motion.end);
    let (position, velocity) = (&motion.position, &motion.velocity);
    system.acceleration::<I>(position, velocity, &motion.start, Rows::All, &mut motion.acceleration);
    advance::<I>(motion, dt);
    system.clock().end(Phase::StageEvaluation);
    system.project::<I>(&mut motion.position, &mut motion.velocity, time, true);
    system.finish_step::<I>(&mut motion.position, &mut motion.velocity, time);
    std::mem::swap(&mut motion.start, &mut motion.end);
}

/// v += h a, q += h v.
fn advance<I: Instructions>(motion: &mut Motion, dt: f64) {
    let step = I::Pack::splat(dt);
    for_each_pack::<I>(
        motion,
        #[inline(always)]
        |m, at| {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let velocity = load(m.acceleration).mul_add(step, load(m.velocity));
            velocity.store(m.velocity, at);
            velocity.mul_add(step, load(m.position)).store(m.position, at);
        },
    );
}
