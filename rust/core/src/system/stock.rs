//! Taking stock at the end of a step: does the state obey its rows, and has it not run away?

use super::{ProjectionFailure, System};
use crate::lanes::{LaneMaximum, exceeds, keep_worst};
use crate::phases::Phase;
use crate::vector::{Instructions, PACK, Vector, packs};

/// Steps between two projections of the linear rows, which take away what rounding has added up.
const REFRESH: usize = 64;

/// Residual of a linear row, relative to the largest position, that rounding explains.
const ROUNDING: f64 = 1e-13;

impl System {
    /// Takes stock at the end of a step, whose state the mechanisms' rows hold already: residual and size of the
    /// state; keeps the linear rows free of drift.
    pub(crate) fn finish_step<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
    ) {
        I::vectorize(
            #[inline(always)]
            || self.finish_step_in_kernel::<I>(position, velocity, time),
        );
    }

    /// [`System::finish_step`] as part of a kernel.
    #[inline(always)]
    pub(crate) fn finish_step_in_kernel<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
    ) {
        self.finished_steps += 1;
        if self.finished_steps.is_multiple_of(REFRESH) {
            self.project_linear_rows::<I>(position, velocity, time, [1.0; PACK]);
        }
        let off_rows = self.take_stock::<I>(position, velocity, time);
        if off_rows {
            self.mend_linear_rows::<I>(position, velocity, time);
        }
        self.newton.clock.end(Phase::Newton);
    }

    /// Notes residual and size of the state; tells whether any lane is off its linear rows.
    #[inline(always)]
    fn take_stock<I: Instructions>(&mut self, position: &[f64], velocity: &[f64], time: f64) -> bool {
        let mut size = I::Pack::splat(0.0);
        for at in packs(0, self.length) {
            size = size.max(I::Pack::load(position, at).abs());
            size = size.max(I::Pack::load(velocity, at).abs());
        }
        self.largest_state = LaneMaximum::of(size);
        self.alarm |= !size.all_at_most(I::Pack::splat(self.runaway_limit));
        self.residual = LaneMaximum::new();
        for rigid in &mut self.rigid {
            rigid.residual::<I>(position, time, &mut self.residual);
        }
        let linear = self.residual.as_vector::<I::Pack>();
        let nonlinear = self.newton.residual.as_vector::<I::Pack>();
        self.max_residual.include(self.geared.residual(position, linear.max(nonlinear)));
        !self.newton.is_within(linear)
    }

    /// Projects lanes that have drifted off their linear rows. What is left is rounding, which no iteration
    /// removes: it counts as a failure only if it is large beside the rounding of the positions.
    #[cold]
    fn mend_linear_rows<I: Instructions>(&mut self, position: &mut [f64], velocity: &mut [f64], time: f64) {
        for _ in 0..self.newton.limit {
            let pending = self.off_rows(0.0);
            self.project_linear_rows::<I>(position, velocity, time, pending);
            let off_rows = I::vectorize(
                #[inline(always)]
                || self.take_stock::<I>(position, velocity, time),
            );
            if !off_rows {
                return;
            }
        }
        self.report_failures::<I>(position, time, self.off_rows(ROUNDING));
    }

    /// 1 for each running lane whose linear rows are off by more than the tolerance, and by more than what rounding
    /// of its state explains.
    fn off_rows(&self, rounding: f64) -> [f64; PACK] {
        let (residual, size) = (self.residual.by_lane(self.lanes), self.largest_state.by_lane(self.lanes));
        std::array::from_fn(|lane| {
            let limit = self.newton.tolerance.max(rounding * size[lane]);
            if exceeds(residual[lane], limit) { self.newton.alive[lane] } else { 0.0 }
        })
    }

    #[cold]
    fn project_linear_rows<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
        lanes: [f64; PACK],
    ) {
        I::vectorize(
            #[inline(always)]
            || {
                for rigid in &mut self.rigid {
                    rigid.project_positions::<I>(position, time, &lanes);
                    rigid.project_velocities::<I>(velocity, &lanes);
                }
            },
        );
    }

    pub(super) fn note_failures<I: Instructions>(&mut self, position: &[f64], time: f64) {
        if self.newton.failed {
            self.newton.failed = false;
            let residual = self.newton.residual.by_lane(self.lanes);
            let beyond = |lane: usize| exceeds(residual[lane], self.newton.tolerance);
            let alive = self.newton.alive;
            let pending = std::array::from_fn(|lane| if beyond(lane) { alive[lane] } else { 0.0 });
            self.report_failures::<I>(position, time, pending);
        }
    }

    #[cold]
    fn report_failures<I: Instructions>(&mut self, position: &[f64], time: f64, pending: [f64; PACK]) {
        for (lane, pending) in pending.into_iter().enumerate().take(self.lanes) {
            if pending == 0.0 || self.failures[lane].is_some() {
                continue;
            }
            let mut worst = None;
            let rigid = self.rigid.iter_mut().map(|class| class.worst_row::<I>(position, time, lane));
            let mechanisms =
                self.mechanisms.iter_mut().map(|class| class.worst_row::<I>(position, time, lane));
            for (constraint, residual) in rigid.chain(mechanisms).flatten() {
                keep_worst(&mut worst, constraint, residual);
            }
            self.alarm = true;
            self.failures[lane] =
                worst.map(|(constraint, residual)| ProjectionFailure { constraint, residual });
        }
    }

    /// Brings the initial state onto all constraints.
    pub(crate) fn project_initial<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
    ) {
        self.project_linear_rows::<I>(position, velocity, time, [1.0; PACK]);
        self.project::<I>(position, velocity, time, true);
        self.finish_step::<I>(position, velocity, time);
    }
}
