//! Classical Runge-Kutta on (q, v); every stage state is projected before it is differentiated.

use super::{Motion, Slices};
use crate::elements::Elements;
use crate::phases::Phase;
use crate::system::{Rows, System};
use crate::vector::{Instructions, Vector, packs};

/// Step number `step`, counted from 1, of size `dt`. The first stage state is the end of the step before: already
/// projected.
pub(crate) fn rk4_step<I: Instructions>(system: &mut System, motion: &mut Motion, dt: f64, step: usize) {
    let time = step as f64 * dt;
    let forcing = &mut system.elements.forcing;
    forcing.evaluate::<I>(2 * step - 1, &mut motion.middle);
    forcing.evaluate::<I>(2 * step, &mut motion.end);
    let mut m = motion.slices();
    for (number, stage_time) in [time - 0.5 * dt, time - 0.5 * dt, time].into_iter().enumerate() {
        stage::<I>(system, &mut m, number, dt);
        system.project::<I>(m.stage_position, m.stage_velocity, stage_time, false);
    }
    stage::<I>(system, &mut m, 3, dt);
    system.project::<I>(m.position, m.velocity, time, true);
    system.finish_step::<I>(m.position, m.velocity, time);
    std::mem::swap(&mut motion.start, &mut motion.end);
}

/// Differentiates the state of stage 0 to 3 and moves on to the next: the fourth takes the step.
fn stage<I: Instructions>(system: &mut System, m: &mut Slices<'_>, number: usize, dt: f64) {
    let (length, coupled) = (system.length, system.coupled_length);
    I::vectorize(
        #[inline(always)]
        || {
            let (position, velocity, instant) = match number {
                0 => (&*m.position, &*m.velocity, m.start),
                3 => (&*m.stage_position, &*m.stage_velocity, m.end),
                _ => (&*m.stage_position, &*m.stage_velocity, m.middle),
            };
            system.accelerate::<I>(position, velocity, instant, Rows::All, coupled, m.acceleration);
            match number {
                0 => start::<I>(m, coupled, 0.5 * dt),
                1 => advance::<I>(m, coupled, 0.5 * dt),
                2 => advance::<I>(m, coupled, dt),
                _ => {
                    finish::<I>(m, coupled, dt);
                    step_alone::<I>(&system.elements, m, coupled, length, dt);
                }
            }
            system.clock().end(Phase::StageEvaluation);
        },
    );
}

/// Starts the sums with the first derivatives and moves on to the second stage state.
#[inline(always)]
fn start<I: Instructions>(m: &mut Slices<'_>, length: usize, step: f64) {
    let step = I::Pack::splat(step);
    for at in packs(0, length) {
        let (rate, acceleration) = (I::Pack::load(m.velocity, at), I::Pack::load(m.acceleration, at));
        rate.store(m.position_sum, at);
        acceleration.store(m.velocity_sum, at);
        rate.mul_add(step, I::Pack::load(m.position, at)).store(m.stage_position, at);
        acceleration.mul_add(step, rate).store(m.stage_velocity, at);
    }
}

/// Adds the stage's derivatives to the sums and moves on to the next stage state.
#[inline(always)]
fn advance<I: Instructions>(m: &mut Slices<'_>, length: usize, step: f64) {
    let (step, two) = (I::Pack::splat(step), I::Pack::splat(2.0));
    for at in packs(0, length) {
        let (rate, acceleration) = (I::Pack::load(m.stage_velocity, at), I::Pack::load(m.acceleration, at));
        two.mul_add(rate, I::Pack::load(m.position_sum, at)).store(m.position_sum, at);
        two.mul_add(acceleration, I::Pack::load(m.velocity_sum, at)).store(m.velocity_sum, at);
        rate.mul_add(step, I::Pack::load(m.position, at)).store(m.stage_position, at);
        acceleration.mul_add(step, I::Pack::load(m.velocity, at)).store(m.stage_velocity, at);
    }
}

/// Adds the last stage and takes the step.
#[inline(always)]
fn finish<I: Instructions>(m: &mut Slices<'_>, length: usize, dt: f64) {
    let sixth = I::Pack::splat(dt / 6.0);
    for at in packs(0, length) {
        let rate = I::Pack::load(m.position_sum, at) + I::Pack::load(m.stage_velocity, at);
        let acceleration = I::Pack::load(m.velocity_sum, at) + I::Pack::load(m.acceleration, at);
        rate.mul_add(sixth, I::Pack::load(m.position, at)).store(m.position, at);
        acceleration.mul_add(sixth, I::Pack::load(m.velocity, at)).store(m.velocity, at);
    }
}

/// All four stages of the oscillators from place `first` on, which see no other coordinate: a = a(t) - k q - c v.
#[inline(always)]
fn step_alone<I: Instructions>(elements: &Elements, m: &mut Slices<'_>, first: usize, end: usize, dt: f64) {
    let (step, half, sixth) = (I::Pack::splat(dt), I::Pack::splat(0.5 * dt), I::Pack::splat(dt / 6.0));
    let two = I::Pack::splat(2.0);
    for at in packs(first, end) {
        let stiffness = -I::Pack::load(&elements.stiffness, at);
        let damping = -I::Pack::load(&elements.damping, at);
        let given_1 = I::Pack::load(&m.start.acceleration, at);
        let given_2 = I::Pack::load(&m.middle.acceleration, at);
        let given_3 = I::Pack::load(&m.end.acceleration, at);
        let (q_1, v_1) = (I::Pack::load(m.position, at), I::Pack::load(m.velocity, at));
        let a_1 = stiffness.mul_add(q_1, damping.mul_add(v_1, given_1));
        let (q_2, v_2) = (half.mul_add(v_1, q_1), half.mul_add(a_1, v_1));
        let a_2 = stiffness.mul_add(q_2, damping.mul_add(v_2, given_2));
        let (q_3, v_3) = (half.mul_add(v_2, q_1), half.mul_add(a_2, v_1));
        let a_3 = stiffness.mul_add(q_3, damping.mul_add(v_3, given_2));
        let (q_4, v_4) = (step.mul_add(v_3, q_1), step.mul_add(a_3, v_1));
        let a_4 = stiffness.mul_add(q_4, damping.mul_add(v_4, given_3));
        let rate = two.mul_add(v_2 + v_3, v_1 + v_4);
        let acceleration = two.mul_add(a_2 + a_3, a_1 + a_4);
        sixth.mul_add(rate, q_1).store(m.position, at);
        sixth.mul_add(acceleration, v_1).store(m.velocity, at);
    }
}
