//! One column of a class of mechanisms: the clusters of one pack, or a lone cluster.

use super::{MechanismRow, Moment};
use crate::constraints::{Angle, CURVATURES, Evaluation, cam, slider_crank, universal_joint};
use crate::newton::Newton;
use crate::phases::Phase;
use crate::schedule::RowKind;
use crate::solver::Pattern;
use crate::vector::Vector;

/// Values kept for an angle.
pub(super) const ANGLE: usize = 3;

/// The structure of the class and the values of one column; see `Mechanism` for what they are.
pub(super) struct Column<'a> {
    pub(super) pattern: &'a Pattern,
    pub(super) rows: &'a [MechanismRow],
    pub(super) entry_places: &'a [usize],
    pub(super) places: &'a [usize],
    /// Distance from the first column in the state vectors.
    pub(super) shift: usize,
    pub(super) parameters: &'a [f64],
    pub(super) gradient: &'a mut [f64],
    pub(super) curvature: &'a mut [f64],
    pub(super) angles: &'a mut [f64],
    pub(super) multipliers: &'a mut [f64],
    pub(super) system: &'a mut [f64],
    pub(super) iterations: &'a mut [f64],
}

impl Column<'_> {
    #[inline(always)]
    pub(super) fn project<V: Vector>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        mut moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        for iteration in 0.. {
            let residual = self.evaluate::<V>(position, moment);
            self.factor::<V>(moment.inverse_mass);
            newton.clock.end(Phase::ConstraintAssembly);
            moment.anew = false;
            if newton.is_within(residual) || !self.go_on(iteration, residual, newton) {
                newton.residual.include(residual);
                break;
            }
            self.pattern.solve::<V>(self.system, self.multipliers);
            self.apply::<V>(-1.0, position, moment.inverse_mass);
            newton.clock.end(Phase::Newton);
        }
        self.project_velocity::<V>(velocity, moment.inverse_mass);
        newton.clock.end(Phase::Newton);
    }

    /// The old gradient converges linearly, and an error of the position counts 1 / dt times in the velocity:
    /// one more iteration once all lanes are within tolerance.
    #[inline(always)]
    pub(super) fn slide<V: Vector>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        dt: f64,
        moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        for iteration in 0.. {
            let residual = self.evaluate_residual::<V>(position, moment.time);
            let done = newton.is_within(residual) || !self.go_on(iteration, residual, newton);
            self.pattern.solve::<V>(self.system, self.multipliers);
            self.apply::<V>(-1.0, position, moment.inverse_mass);
            self.apply::<V>(-1.0 / dt, velocity, moment.inverse_mass);
            if done {
                break;
            }
        }
        newton.clock.end(Phase::Newton);
        newton.residual.include(self.evaluate::<V>(position, moment));
        self.factor::<V>(moment.inverse_mass);
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
        pending.add_to(self.iterations, 0);
        for at in (0..self.multipliers.len()).step_by(V::WIDTH) {
            let residual = V::load(self.multipliers, at);
            zero.select_less(pending, residual, zero).store(self.multipliers, at);
        }
        true
    }

    /// Residual, G and second derivatives at a position; returns the largest residual.
    #[inline(always)]
    fn evaluate<V: Vector>(&mut self, position: &[f64], moment: Moment<'_>) -> V {
        let mut largest = V::splat(0.0);
        for row in 0..self.rows.len() {
            let residual = if self.rows[row].kind == RowKind::Linear {
                self.linear_row::<V>(row, position, moment.time)
            } else {
                if moment.anew {
                    self.evaluate_angles::<V>(row, position);
                }
                let evaluation = self.nonlinear_row::<V>(row, position);
                self.keep_derivatives(row, evaluation);
                evaluation.residual
            };
            largest = largest.max(residual.abs());
            residual.store(self.multipliers, row * V::WIDTH);
        }
        largest
    }

    /// The residual alone: G stays that of an earlier position.
    #[inline(always)]
    pub(super) fn evaluate_residual<V: Vector>(&mut self, position: &[f64], time: f64) -> V {
        let mut largest = V::splat(0.0);
        for row in 0..self.rows.len() {
            let residual = if self.rows[row].kind == RowKind::Linear {
                self.linear_row::<V>(row, position, time)
            } else {
                self.nonlinear_row::<V>(row, position).residual
            };
            largest = largest.max(residual.abs());
            residual.store(self.multipliers, row * V::WIDTH);
        }
        largest
    }

    #[inline(always)]
    fn linear_row<V: Vector>(&self, row: usize, position: &[f64], time: f64) -> V {
        let rate: V = self.parameter(row, 1);
        self.row_product::<V>(row, position) - rate.mul_add(V::splat(time), self.parameter(row, 0))
    }

    #[inline(always)]
    fn nonlinear_row<V: Vector>(&self, row: usize, position: &[f64]) -> Evaluation<V> {
        let MechanismRow { kind, first_parameter, parameter_count } = self.rows[row];
        let [at_a, at_b] = self.ends(row);
        let (a, b) = (V::load(position, at_a), V::load(position, at_b));
        let [place_a, place_b] = self.angle_places::<V>(row);
        let angle_a = Angle::load(self.angles, place_a).moved_to(a);
        match kind {
            RowKind::SliderCrank => {
                slider_crank(angle_a, b, [self.parameter(row, 0), self.parameter(row, 1)])
            }
            RowKind::Cam => cam(angle_a, b, &self.parameters[first_parameter * V::WIDTH..], parameter_count),
            _ => universal_joint(
                angle_a,
                Angle::load(self.angles, place_b).moved_to(b),
                self.parameter(row, 0),
            ),
        }
    }

    /// Evaluates the angles that the others of this step are moved from.
    #[inline(always)]
    fn evaluate_angles<V: Vector>(&mut self, row: usize, position: &[f64]) {
        let [a, b] = self.ends(row);
        let [place_a, place_b] = self.angle_places::<V>(row);
        Angle::new(V::load(position, a)).store(self.angles, place_a);
        if self.rows[row].kind == RowKind::UniversalJoint {
            Angle::new(V::load(position, b)).store(self.angles, place_b);
        }
    }

    #[inline(always)]
    fn angle_places<V: Vector>(&self, row: usize) -> [usize; 2] {
        let first = 2 * row * ANGLE * V::WIDTH;
        [first, first + ANGLE * V::WIDTH]
    }

    #[inline(always)]
    fn keep_derivatives<V: Vector>(&mut self, row: usize, evaluation: Evaluation<V>) {
        let first = self.pattern.row_start[row];
        for number in 0..2 {
            evaluation.gradient[number].store(self.gradient, (first + number) * V::WIDTH);
        }
        for number in 0..CURVATURES {
            evaluation.curvature[number].store(self.curvature, (row * CURVATURES + number) * V::WIDTH);
        }
    }

    #[inline(always)]
    fn parameter<V: Vector>(&self, row: usize, number: usize) -> V {
        V::load(self.parameters, (self.rows[row].first_parameter + number) * V::WIDTH)
    }

    /// Places of the two coordinates of a nonlinear row.
    #[inline(always)]
    fn ends(&self, row: usize) -> [usize; 2] {
        let first = self.pattern.row_start[row];
        [self.entry_places[first] + self.shift, self.entry_places[first + 1] + self.shift]
    }

    /// Assembles and factors S from G.
    #[inline(always)]
    fn factor<V: Vector>(&mut self, inverse_mass: &[f64]) {
        self.pattern.assemble::<V>(self.gradient, inverse_mass, self.places, self.shift, self.system);
        self.pattern.factor::<V>(self.system);
    }

    /// v -= M^-1 G^T S^-1 (G v + g_t).
    #[inline(always)]
    pub(super) fn project_velocity<V: Vector>(&mut self, velocity: &mut [f64], inverse_mass: &[f64]) {
        for row in 0..self.rows.len() {
            let mut rate = self.row_product::<V>(row, velocity);
            if self.rows[row].kind == RowKind::Linear {
                rate = rate - self.parameter(row, 1);
            }
            rate.store(self.multipliers, row * V::WIDTH);
        }
        self.pattern.solve::<V>(self.system, self.multipliers);
        self.apply::<V>(-1.0, velocity, inverse_mass);
    }

    /// a += M^-1 G^T lambda, S lambda = -(G a + gamma).
    #[inline(always)]
    pub(super) fn constrain_acceleration<V: Vector>(
        &mut self,
        acceleration: &mut [f64],
        velocity: &[f64],
        inverse_mass: &[f64],
    ) {
        for row in 0..self.rows.len() {
            let mut rate = self.row_product::<V>(row, acceleration);
            if self.rows[row].kind != RowKind::Linear {
                rate = rate + self.gamma(row, velocity);
            }
            rate.store(self.multipliers, row * V::WIDTH);
        }
        self.pattern.solve::<V>(self.system, self.multipliers);
        self.apply::<V>(-1.0, acceleration, inverse_mass);
    }

    /// gamma = g_aa v_a^2 + 2 g_ab v_a v_b + g_bb v_b^2 of a nonlinear row.
    #[inline(always)]
    fn gamma<V: Vector>(&self, row: usize, velocity: &[f64]) -> V {
        let first = row * CURVATURES * V::WIDTH;
        let (aa, ab) = (V::load(self.curvature, first), V::load(self.curvature, first + V::WIDTH));
        let bb = V::load(self.curvature, first + 2 * V::WIDTH);
        let [at_a, at_b] = self.ends(row);
        let (a, b) = (V::load(velocity, at_a), V::load(velocity, at_b));
        a * aa.mul_add(a, (ab + ab) * b) + bb * b * b
    }

    /// A row of G x.
    #[inline(always)]
    fn row_product<V: Vector>(&self, row: usize, x: &[f64]) -> V {
        let mut sum = V::splat(0.0);
        for entry in self.pattern.entries(row) {
            let x = V::load(x, self.entry_places[entry] + self.shift);
            sum = V::load(self.gradient, entry * V::WIDTH).mul_add(x, sum);
        }
        sum
    }

    /// x += scale M^-1 G^T multipliers.
    #[inline(always)]
    fn apply<V: Vector>(&self, scale: f64, x: &mut [f64], inverse_mass: &[f64]) {
        for row in 0..self.rows.len() {
            let multiplier = V::load(self.multipliers, row * V::WIDTH) * V::splat(scale);
            for entry in self.pattern.entries(row) {
                let at = self.entry_places[entry] + self.shift;
                let change = V::load(self.gradient, entry * V::WIDTH) * V::load(inverse_mass, at);
                multiplier.mul_add(change, V::load(x, at)).store(x, at);
            }
        }
    }
}
