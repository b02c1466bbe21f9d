//! One column of a class of mechanisms: the clusters of one pack, or a lone cluster.

use super::{Moment, Structure};
use crate::aligned::Aligned;
use crate::newton::Newton;
use crate::phases::Phase;
use crate::schedule::RowKind;
use crate::solver::ENTRIES;
use crate::vector::Vector;

/// The values of a column, each as `[..][value]`.
#[derive(Debug)]
pub(super) struct Column {
    /// Distance from the first column in the state vectors.
    pub(super) shift: usize,
    /// Parameters of the rows.
    pub(super) parameters: Aligned,
    /// G and G M^-1, `[row][entry]`.
    pub(super) gradient: Aligned,
    pub(super) change: Aligned,
    /// Second derivatives of each row, `[row][3]`; zero for linear rows.
    pub(super) curvature: Aligned,
    /// Angles that those of this step are moved from, `[row][end][value, sine, cosine]`.
    pub(super) angles: Aligned,
    /// Residuals, then multipliers.
    pub(super) multipliers: Aligned,
    /// S or its factors.
    pub(super) system: Aligned,
    /// Newton iterations of each cluster.
    pub(super) iterations: Aligned,
}

impl Column {
    /// Brings positions onto the rows by Newton, then velocities onto G v = -g_t; leaves G and the factors of S
    /// at the result.
    #[inline(always)]
    pub(super) fn project<V: Vector>(
        &mut self,
        structure: &Structure,
        position: &mut [f64],
        velocity: &mut [f64],
        mut moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        for iteration in 0.. {
            let residual = self.evaluate::<V>(structure, position, moment);
            self.factor::<V>(structure);
            newton.clock.end(Phase::ConstraintAssembly);
            moment.anew = false;
            if newton.is_within(residual) || !self.go_on(iteration, residual, newton) {
                newton.residual.include(residual);
                break;
            }
            structure.pattern.solve::<V>(&self.system, &mut self.multipliers);
            self.apply::<V>(structure, -1.0, position);
            newton.clock.end(Phase::Newton);
        }
        self.project_velocity::<V>(structure, velocity);
        newton.clock.end(Phase::Newton);
    }

    /// RATTLE. The old gradient converges linearly, and an error of the position counts 1 / dt times in the velocity:
    /// one more iteration once all lanes are within tolerance.
    #[inline(always)]
    pub(super) fn slide<V: Vector>(
        &mut self,
        structure: &Structure,
        position: &mut [f64],
        velocity: &mut [f64],
        dt: f64,
        moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        for iteration in 0.. {
            let residual = self.evaluate_residual::<V>(structure, position, moment.time);
            let done = newton.is_within(residual) || !self.go_on(iteration, residual, newton);
            structure.pattern.solve::<V>(&self.system, &mut self.multipliers);
            self.apply::<V>(structure, -1.0, position);
            self.apply::<V>(structure, -1.0 / dt, velocity);
            if done {
                break;
            }
        }
        newton.clock.end(Phase::Newton);
        newton.residual.include(self.evaluate::<V>(structure, position, moment));
        self.factor::<V>(structure);
        newton.clock.end(Phase::ConstraintAssembly);
    }

    /// Leaves only the pending lanes' residuals to be corrected; false if there is none or no iteration left.
    #[inline(always)]
    fn go_on<V: Vector>(&mut self, iteration: usize, residual: V, newton: &mut Newton) -> bool {
        let (pending, zero) = (newton.pending(residual), V::splat(0.0));
        if pending.all_at_most(zero) {
            return false;
        }
        if iteration >= newton.limit {
            newton.failed = true;
            return false;
        }
        pending.add_to(&mut self.iterations, 0);
        for at in (0..self.multipliers.len()).step_by(V::WIDTH) {
            let residual = V::load(&self.multipliers, at);
            zero.select_less(pending, residual, zero).store(&mut self.multipliers, at);
        }
        true
    }

    /// Assembles and factors S from G.
    #[inline(always)]
    fn factor<V: Vector>(&mut self, structure: &Structure) {
        structure.pattern.factor::<V>(&self.gradient, &self.change, &mut self.system);
    }

    /// v -= M^-1 G^T S^-1 (G v + g_t).
    #[inline(always)]
    pub(super) fn project_velocity<V: Vector>(&mut self, structure: &Structure, velocity: &mut [f64]) {
        for (number, row) in structure.rows.iter().enumerate() {
            let mut rate = self.row_product::<V>(structure, number, velocity);
            if row.kind == RowKind::Linear {
                let [_, wanted] = self.parameters::<V, 2>(structure, number);
                rate = rate - wanted;
            }
            rate.store(&mut self.multipliers, number * V::WIDTH);
        }
        structure.pattern.solve::<V>(&self.system, &mut self.multipliers);
        self.apply::<V>(structure, -1.0, velocity);
    }

    /// a += M^-1 G^T lambda, S lambda = -(G a + gamma). Leaves -lambda as multipliers.
    #[inline(always)]
    pub(super) fn constrain_acceleration<V: Vector>(
        &mut self,
        structure: &Structure,
        acceleration: &mut [f64],
        velocity: &[f64],
    ) {
        for (number, row) in structure.rows.iter().enumerate() {
            let mut rate = self.row_product::<V>(structure, number, acceleration);
            if row.kind != RowKind::Linear {
                rate = rate + self.gamma(structure, number, velocity);
            }
            rate.store(&mut self.multipliers, number * V::WIDTH);
        }
        structure.pattern.solve::<V>(&self.system, &mut self.multipliers);
        self.apply::<V>(structure, -1.0, acceleration);
    }

    /// A row of G x.
    #[inline(always)]
    pub(super) fn row_product<V: Vector>(&self, structure: &Structure, row: usize, x: &[f64]) -> V {
        let first = row * ENTRIES * V::WIDTH;
        structure.rows[row].places.product(&self.gradient, first, x, self.shift)
    }

    /// x += scale M^-1 G^T multipliers.
    #[inline(always)]
    fn apply<V: Vector>(&self, structure: &Structure, scale: f64, x: &mut [f64]) {
        for (number, row) in structure.rows.iter().enumerate() {
            let multiplier = V::load(&self.multipliers, number * V::WIDTH) * V::splat(scale);
            row.places.apply(multiplier, &self.change, number * ENTRIES * V::WIDTH, x, self.shift);
        }
    }
}
