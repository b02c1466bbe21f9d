//! Accelerations, and the multipliers of the rows that they obey.

use super::{Rows, System};
use crate::elements::{Instant, State};
use crate::phases::Phase;
use crate::vector::{Instructions, Vector, packs};

impl System {
    /// Accelerations at the position of the last projection, under the rows that are asked for.
    pub(crate) fn acceleration<I: Instructions>(
        &mut self,
        position: &[f64],
        velocity: &[f64],
        instant: &Instant,
        rows: Rows,
        acceleration: &mut [f64],
    ) {
        I::vectorize(
            #[inline(always)]
            || {
                self.evaluate::<I>(position, velocity, instant);
                let field = self.elements.field(instant);
                for at in packs(0, self.coupled_length) {
                    let (position, velocity) = (I::Pack::load(position, at), I::Pack::load(velocity, at));
                    field.acceleration::<I>(at, position, velocity).store(acceleration, at);
                }
                for at in packs(self.coupled_length, self.length) {
                    let (stiffness, damping) = field.oscillator::<I>(at);
                    let given = I::Pack::load(&instant.acceleration, at);
                    let damped = (-damping).mul_add(I::Pack::load(velocity, at), given);
                    (-stiffness).mul_add(I::Pack::load(position, at), damped).store(acceleration, at);
                }
                self.newton.clock.end(Phase::StageEvaluation);
                self.constrain::<I>(velocity, rows, acceleration);
            },
        );
    }

    /// Evaluates the forces at a state, as part of a kernel.
    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(
        &mut self,
        position: &[f64],
        velocity: &[f64],
        instant: &Instant,
    ) {
        self.force_evaluations += 1;
        self.elements.evaluate::<I>(State { position, velocity }, instant);
    }

    /// Makes accelerations obey the rows.
    #[inline(always)]
    pub(crate) fn constrain<I: Instructions>(
        &mut self,
        velocity: &[f64],
        rows: Rows,
        acceleration: &mut [f64],
    ) {
        if rows == Rows::None {
            return;
        }
        I::vectorize(
            #[inline(always)]
            || {
                for rigid in &mut self.rigid {
                    rigid.constrain_acceleration::<I>(acceleration);
                }
                if rows == Rows::All {
                    for mechanism in &mut self.mechanisms {
                        mechanism.constrain_acceleration::<I>(acceleration, velocity);
                    }
                }
            },
        );
        self.newton.clock.end(Phase::Newton);
    }

    /// Multipliers lambda of all constraints, by number and lane, at the position of the last projection.
    pub(crate) fn reactions<I: Instructions>(
        &mut self,
        position: &[f64],
        velocity: &[f64],
        instant: &Instant,
        scratch: &mut [f64],
        reaction: &mut [f64],
    ) {
        let force_evaluations = self.force_evaluations;
        self.acceleration::<I>(position, velocity, instant, Rows::None, scratch);
        self.force_evaluations = force_evaluations;
        I::vectorize(
            #[inline(always)]
            || {
                for rigid in &mut self.rigid {
                    rigid.reactions::<I>(scratch, reaction, self.lanes);
                }
                for mechanism in &mut self.mechanisms {
                    mechanism.constrain_acceleration::<I>(scratch, velocity);
                    mechanism.reactions(reaction, self.lanes);
                }
            },
        );
    }
}
