//! Classical Runge-Kutta on (q, v); every stage state is projected before it is differentiated.

use super::{Motion, Slices};
use crate::elements::Instant;
use crate::phases::Phase;
use crate::system::{Rows, System};
use crate::vector::{Instructions, Vector, packs};

/// Step number `step`, counted from 1, of size `dt`, as one kernel. The first stage state is the end of the step before:
/// already projected.
pub(crate) fn rk4_step<I: Instructions>(system: &mut System, motion: &mut Motion, dt: f64, step: usize) {
    system.elements.forcing.prepare::<I>(2 * step);
    I::vectorize(
        #[inline(always)]
        || {
            let forcing = &mut system.elements.forcing;
            forcing.evaluate_prepared::<I>(2 * step - 1, &mut motion.middle);
            forcing.evaluate_prepared::<I>(2 * step, &mut motion.end);
            let time = step as f64 * dt;
            let mut m = motion.slices();
            stage::<I, 0>(system, &mut m, dt);
            system.project::<I>(m.stage_position, m.stage_velocity[0], time - 0.5 * dt, false);
            stage::<I, 1>(system, &mut m, dt);
            system.project::<I>(m.stage_position, m.stage_velocity[1], time - 0.5 * dt, false);
            stage::<I, 2>(system, &mut m, dt);
            system.project::<I>(m.stage_position, m.stage_velocity[2], time, false);
            stage::<I, 3>(system, &mut m, dt);
            step_alone::<I>(system, &mut m, dt);
            system.clock().end(Phase::StageEvaluation);
            system.project::<I>(m.position, m.velocity, time, true);
            system.finish_step_in_kernel::<I>(m.position, m.velocity, time);
        },
    );
    std::mem::swap(&mut motion.start, &mut motion.end);
}

/// Differentiates the state of stage 0 to 3 and moves on to the next: the fourth takes the step. Coordinates in no
/// constraint are differentiated as they move: their accelerations never leave the registers.
#[inline(always)]
fn stage<I: Instructions, const STAGE: usize>(system: &mut System, m: &mut Slices<'_>, dt: f64) {
    let mut m = m.reborrow();
    let (position, velocity, instant) = match STAGE {
        0 => (&*m.position, &*m.velocity, m.start),
        3 => (&*m.stage_position, &*m.stage_velocity[2], m.end),
        _ => (&*m.stage_position, &*m.stage_velocity[STAGE - 1], m.middle),
    };
    system.evaluate::<I>(position, velocity, instant);
    if system.constrained_length > 0 {
        let field = system.elements.field(instant);
        for at in packs(0, system.constrained_length) {
            let (position, velocity) = (I::Pack::load(position, at), I::Pack::load(velocity, at));
            field.acceleration::<I>(at, position, velocity).store(m.acceleration, at);
        }
        system.clock().end(Phase::StageEvaluation);
        system.constrain::<I>(velocity, Rows::All, m.acceleration);
        for at in packs(0, system.constrained_length) {
            let (_, velocity) = state::<I, STAGE>(&m, at);
            let acceleration = I::Pack::load(m.acceleration, at);
            advance::<I, STAGE>(&mut m, at, velocity, acceleration, dt);
        }
    }
    let field = system.elements.field(instant);
    for at in packs(system.constrained_length, system.coupled_length) {
        let (position, velocity) = state::<I, STAGE>(&m, at);
        let acceleration = field.acceleration::<I>(at, position, velocity);
        advance::<I, STAGE>(&mut m, at, velocity, acceleration, dt);
    }
    system.clock().end(Phase::StageEvaluation);
}

/// A pack of the state of a stage.
#[inline(always)]
fn state<I: Instructions, const STAGE: usize>(m: &Slices<'_>, at: usize) -> (I::Pack, I::Pack) {
    match STAGE {
        0 => (I::Pack::load(m.position, at), I::Pack::load(m.velocity, at)),
        _ => (I::Pack::load(m.stage_position, at), I::Pack::load(m.stage_velocity[STAGE - 1], at)),
    }
}

/// Moves a pack on, given the derivatives of the stage: the velocities of all stages are kept until the step is
/// taken, of the accelerations their sum.
#[inline(always)]
fn advance<I: Instructions, const STAGE: usize>(
    m: &mut Slices<'_>,
    at: usize,
    rate: I::Pack,
    acceleration: I::Pack,
    dt: f64,
) {
    let two = I::Pack::splat(2.0);
    let (position, velocity) = (I::Pack::load(m.position, at), I::Pack::load(m.velocity, at));
    if STAGE == 3 {
        let sixth = I::Pack::splat(dt / 6.0);
        let inner = I::Pack::load(m.stage_velocity[0], at) + I::Pack::load(m.stage_velocity[1], at);
        let rates = two.mul_add(inner, velocity + rate);
        let accelerations = I::Pack::load(m.acceleration_sum, at) + acceleration;
        rates.mul_add(sixth, position).store(m.position, at);
        accelerations.mul_add(sixth, velocity).store(m.velocity, at);
        return;
    }
    let sum = if STAGE == 0 {
        acceleration
    } else {
        two.mul_add(acceleration, I::Pack::load(m.acceleration_sum, at))
    };
    sum.store(m.acceleration_sum, at);
    let step = I::Pack::splat(if STAGE == 2 { dt } else { 0.5 * dt });
    rate.mul_add(step, position).store(m.stage_position, at);
    acceleration.mul_add(step, velocity).store(m.stage_velocity[STAGE], at);
}

/// All four stages of the oscillators at the end of the state vector, which see no other coordinate: a = a(t) - k q - c v.
#[inline(always)]
fn step_alone<I: Instructions>(system: &System, m: &mut Slices<'_>, dt: f64) {
    let m = m.reborrow();
    let (field, excitations) = (system.elements.field(m.start), system.elements.forcing.excitations());
    let instants = [m.start, m.middle, m.end].map(Instant::harmonics);
    let (step, half, sixth) = (I::Pack::splat(dt), I::Pack::splat(0.5 * dt), I::Pack::splat(dt / 6.0));
    let two = I::Pack::splat(2.0);
    for at in packs(system.coupled_length, system.length) {
        let (stiffness, damping) = field.oscillator::<I>(at);
        let (stiffness, damping) = (-stiffness, -damping);
        let [given_1, given_2, given_3] = excitations.sums::<I, 3>(at, instants);
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
