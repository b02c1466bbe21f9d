//! The work on all columns of a class, for either width.

use super::{Motion, Rigid, mask_rows};
use crate::lanes::LaneMaximum;
use crate::solver::at_width;
use crate::vector::{Instructions, PACK, Vector};

impl Rigid {
    /// Constrained accelerations from free ones, in place.
    #[inline(always)]
    pub(crate) fn constrain_acceleration<I: Instructions>(&mut self, acceleration: &mut [f64]) {
        if let Motion::Chain(chain) = &mut self.motion {
            chain.remove_normal::<I>(acceleration);
        } else {
            at_width!(self.bank.width, I, self.constrain_columns(acceleration));
        }
    }

    #[inline(always)]
    fn constrain_columns<V: Vector>(&mut self, acceleration: &mut [f64]) {
        for column in 0..self.bank.column_count {
            match &self.motion {
                Motion::Locked => self.stop::<V>(column, acceleration),
                _ => self.remove_normal::<V>(column, acceleration),
            }
        }
    }

    #[inline(always)]
    fn stop<V: Vector>(&self, column: usize, acceleration: &mut [f64]) {
        for at in &self.bank.places {
            V::splat(0.0).store(acceleration, at + column * V::WIDTH);
        }
    }

    /// Largest residual of each lane.
    #[inline(always)]
    pub(crate) fn residual<I: Instructions>(
        &mut self,
        position: &[f64],
        time: f64,
        largest: &mut LaneMaximum,
    ) {
        if let Motion::Chain(chain) = &mut self.motion {
            chain.residual::<I>(position, time, largest);
            return;
        }
        for column in 0..self.bank.column_count {
            at_width!(self.bank.width, I, self.residual_of_column(column, position, time, largest));
        }
    }

    /// Brings positions onto the rows; lanes whose `mask` is 0 stay as they are.
    #[inline(always)]
    pub(crate) fn project_positions<I: Instructions>(
        &mut self,
        position: &mut [f64],
        time: f64,
        mask: &[f64; PACK],
    ) {
        at_width!(self.bank.width, I, self.project_position_columns(position, time, mask));
    }

    #[inline(always)]
    fn project_position_columns<V: Vector>(&mut self, position: &mut [f64], time: f64, mask: &[f64; PACK]) {
        for column in 0..self.bank.column_count {
            self.residual_of_column::<V>(column, position, time, &mut LaneMaximum::new());
            mask_rows::<V>(&mut self.multipliers, mask);
            self.solve_and_apply::<V>(column, position);
        }
    }

    /// Brings velocities onto G v = rate; lanes whose `mask` is 0 stay as they are.
    #[inline(always)]
    pub(crate) fn project_velocities<I: Instructions>(&mut self, velocity: &mut [f64], mask: &[f64; PACK]) {
        at_width!(self.bank.width, I, self.project_velocity_columns(velocity, mask));
    }

    #[inline(always)]
    fn project_velocity_columns<V: Vector>(&mut self, velocity: &mut [f64], mask: &[f64; PACK]) {
        for column in 0..self.bank.column_count {
            self.gradient_product::<V>(column, velocity);
            for row in 0..self.pattern.row_count {
                let rate = (2 * (column * self.pattern.row_count + row) + 1) * V::WIDTH;
                (-V::load(&self.parameters, rate)).add_to(&mut self.multipliers, row * V::WIDTH);
            }
            mask_rows::<V>(&mut self.multipliers, mask);
            self.solve_and_apply::<V>(column, velocity);
        }
    }

    /// Multipliers lambda = -S^-1 G a of free accelerations, by constraint number and lane.
    #[inline(always)]
    pub(crate) fn reactions<I: Instructions>(
        &mut self,
        free_acceleration: &[f64],
        reaction: &mut [f64],
        lanes: usize,
    ) {
        for column in 0..self.bank.column_count {
            at_width!(self.bank.width, I, self.solve_reactions(column, free_acceleration));
            let multipliers = &self.multipliers;
            self.bank.for_each_row(column, &self.numbers, |number, lane, at| {
                reaction[number * lanes + lane] = -multipliers[at];
            });
        }
    }

    #[inline(always)]
    fn solve_reactions<V: Vector>(&mut self, column: usize, free_acceleration: &[f64]) {
        self.gradient_product::<V>(column, free_acceleration);
        let system = &self.system[column * self.pattern.value_count() * V::WIDTH..];
        self.pattern.solve::<V>(system, &mut self.multipliers);
    }

    /// Number and size of the largest residual of a lane.
    #[inline(always)]
    pub(crate) fn worst_row<I: Instructions>(
        &mut self,
        position: &[f64],
        time: f64,
        lane: usize,
    ) -> Option<(usize, f64)> {
        let mut worst = None;
        for column in 0..self.bank.column_count {
            at_width!(
                self.bank.width,
                I,
                self.residual_of_column(column, position, time, &mut LaneMaximum::new())
            );
            let residual = &self.multipliers;
            self.bank.for_each_row(column, &self.numbers, |number, at_lane, at| {
                if at_lane == lane {
                    crate::lanes::keep_worst(&mut worst, number, residual[at].abs());
                }
            });
        }
        worst
    }
}
