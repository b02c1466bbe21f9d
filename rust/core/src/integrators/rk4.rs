//! Classical Runge-Kutta on (q, v); every stage state is projected before it is differentiated.

use super::{Motion, for_each_pack};
use crate::elements::Elements;
use crate::phases::Phase;
use crate::system::{Rows, System};
use crate::vector::{Instructions, Vector, packs};

/// Step number `step`, counted from 1, of size `dt`. The first stage state is the end of the step before: already projected.
pub(crate) fn rk4_step<I: Instructions>(system: &mut System, motion: &mut Motion, dt: f64, step: usize) {
    let time = step as f64 * dt;
    let forcing = &mut system.elements.forcing;
    forcing.evaluate::<I>(2 * step - 1, &mut motion.middle);
    forcing.evaluate::<I>(2 * step, &mut motion.end);
    let length = system.coupled_length;
    for stage in 0..4 {
        let (position, velocity, instant) = match stage {
            0 => (&motion.position, &motion.velocity, &motion.start),
            3 => (&motion.stage_position, &motion.stage_velocity, &motion.end),
            _ => (&motion.stage_position, &motion.stage_velocity, &motion.middle),
        };
        system.acceleration::<I>(position, velocity, instant, Rows::All, length, &mut motion.acceleration);
        match stage {
            0 => start::<I>(motion, length, 0.5 * dt),
            1 => advance::<I>(motion, length, 0.5 * dt),
            2 => advance::<I>(motion, length, dt),
            _ => finish::<I>(motion, length, dt),
        }
        system.clock().end(Phase::StageEvaluation);
        if stage < 3 {
            let stage_time = if stage == 2 { time } else { time - 0.5 * dt };
            system.project::<I>(&mut motion.stage_position, &mut motion.stage_velocity, stage_time, false);
        }
    }
    step_alone::<I>(&system.elements, motion, length, dt);
    system.clock().end(Phase::StageEvaluation);
    system.project::<I>(&mut motion.position, &mut motion.velocity, time, true);
    system.finish_step::<I>(&mut motion.position, &mut motion.velocity, time);
    std::mem::swap(&mut motion.start, &mut motion.end);
}

/// All four stages of the oscillators from place `first` on, which see no other coordinate: a = a(t) - k q - c v.
fn step_alone<I: Instructions>(elements: &Elements, motion: &mut Motion, first: usize, dt: f64) {
    I::vectorize(
        #[inline(always)]
        || {
            let (step, half, sixth) =
                (I::Pack::splat(dt), I::Pack::splat(0.5 * dt), I::Pack::splat(dt / 6.0));
            let two = I::Pack::splat(2.0);
            let Motion { position, velocity, length, start, middle, end, .. } = motion;
            for at in packs(first, *length) {
                let stiffness = -I::Pack::load(&elements.stiffness, at);
                let damping = -I::Pack::load(&elements.damping, at);
                let given_1 = I::Pack::load(&start.acceleration, at);
                let given_2 = I::Pack::load(&middle.acceleration, at);
                let given_3 = I::Pack::load(&end.acceleration, at);
                let (q_1, v_1) = (I::Pack::load(position, at), I::Pack::load(velocity, at));
                let a_1 = stiffness.mul_add(q_1, damping.mul_add(v_1, given_1));
                let (q_2, v_2) = (half.mul_add(v_1, q_1), half.mul_add(a_1, v_1));
                let a_2 = stiffness.mul_add(q_2, damping.mul_add(v_2, given_2));
                let (q_3, v_3) = (half.mul_add(v_2, q_1), half.mul_add(a_2, v_1));
                let a_3 = stiffness.mul_add(q_3, damping.mul_add(v_3, given_2));
                let (q_4, v_4) = (step.mul_add(v_3, q_1), step.mul_add(a_3, v_1));
                let a_4 = stiffness.mul_add(q_4, damping.mul_add(v_4, given_3));
                let rate = two.mul_add(v_2 + v_3, v_1 + v_4);
                let acceleration = two.mul_add(a_2 + a_3, a_1 + a_4);
                sixth.mul_add(rate, q_1).store(position, at);
                sixth.mul_add(acceleration, v_1).store(velocity, at);
            }
        },
    );
}

/// Starts the sums with the first derivatives and moves on to the second stage state.
fn start<I: Instructions>(motion: &mut Motion, length: usize, step: f64) {
    let step = I::Pack::splat(step);
    for_each_pack::<I>(
        motion,
        length,
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
fn advance<I: Instructions>(motion: &mut Motion, length: usize, step: f64) {
    let (step, two) = (I::Pack::splat(step), I::Pack::splat(2.0));
    for_each_pack::<I>(
        motion,
        length,
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
fn finish<I: Instructions>(motion: &mut Motion, length: usize, dt: f64) {
    let sixth = I::Pack::splat(dt / 6.0);
    for_each_pack::<I>(
        motion,
        length,
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
