//! Clusters with joints, cranks or cams: their rows are nonlinear, so positions need Newton iterations.
//!
//! For each pack of clusters: G and the second derivatives at a position, S = G M^-1 G^T, its factors, and the
//! three solves that use them: positions, velocities, accelerations.

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::constraints::{
    Angle, CURVATURES, Evaluation, cam, constant_gradient, linear_residual, parameter, parameter_count,
    slider_crank, universal_joint,
};
use crate::lanes::{LaneMaximum, keep_worst};
use crate::newton::Newton;
use crate::rigid::entries_of_rows;
use crate::schedule::{Class, Layout, RowKind};
use crate::solver::{Bank, Pattern};
use crate::vector::{Instructions, Vector};

/// A class of clusters with nonlinear rows.
#[derive(Debug)]
pub(crate) struct Mechanism {
    pattern: Pattern,
    bank: Bank,
    rows: Vec<MechanismRow>,
    /// Parameters of the rows, `[column][parameter]`.
    parameters: Aligned,
    parameter_count: usize,
    /// G, `[column][entry]`.
    gradient: Aligned,
    /// Second derivatives of each row, `[column][row][3]`; zero for linear rows.
    curvature: Aligned,
    /// Residuals, then multipliers, `[column][row]`.
    multipliers: Aligned,
    /// Angles that those of this step are moved from, `[column][row][end][value, sine, cosine]`.
    angles: Aligned,
    /// Newton iterations of each cluster, `[column]`.
    iterations: Aligned,
    /// S or its factors, `[column][value]`.
    system: Aligned,
    /// Constraint number of each row of each cluster.
    numbers: Vec<Vec<usize>>,
}

/// Values kept for an angle.
const ANGLE: usize = 3;

/// When a projection takes place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) time: f64,
    /// Evaluate angles instead of moving them.
    pub(crate) anew: bool,
    pub(crate) inverse_mass: &'a [f64],
}

#[derive(Clone, Copy, Debug)]
struct MechanismRow {
    kind: RowKind,
    first_parameter: usize,
    parameter_count: usize,
}

impl Mechanism {
    pub(crate) fn new(assembly: &Assembly, class: &Class, layout: &Layout, members: &[usize]) -> Self {
        let (pattern, bank) = (Pattern::new(&class.shape), Bank::new(class, layout));
        let mut rows = Vec::new();
        let mut owner = Vec::new();
        for (row, (kind, _)) in class.shape.rows.iter().enumerate() {
            let count = parameter_count(*kind, assembly);
            rows.push(MechanismRow { kind: *kind, first_parameter: owner.len(), parameter_count: count });
            owner.extend((0..count).map(|number| (row, number)));
        }
        let parameters = bank.expand(class, members, owner.len(), |cluster, place, member| {
            let (row, number) = owner[place];
            parameter(assembly, &cluster.rows[row], number, member)
        });
        let entry_of = entries_of_rows(&pattern);
        let gradient = bank.expand(class, members, pattern.entry_count(), |cluster, entry, member| {
            let (row, within) = entry_of[entry];
            constant_gradient(assembly, &cluster.rows[row], within, member)
        });
        let size = bank.column_count * bank.width();
        Self {
            curvature: Aligned::zeros(size * CURVATURES * pattern.row_count),
            multipliers: Aligned::zeros(size * pattern.row_count),
            angles: Aligned::zeros(size * 2 * ANGLE * pattern.row_count),
            iterations: Aligned::zeros(size),
            system: Aligned::zeros(size * pattern.value_count()),
            parameter_count: owner.len(),
            numbers: class
                .clusters
                .iter()
                .map(|cluster| cluster.rows.iter().map(|row| row.number).collect())
                .collect(),
            pattern,
            bank,
            rows,
            parameters,
            gradient,
        }
    }

    /// Brings positions onto the rows by Newton, then velocities onto G v = -g_t; leaves G and the factors of S
    /// at the result. `anew` evaluates all angles instead of moving them from where they were evaluated last.
    #[inline(always)]
    pub(crate) fn project<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        for column in 0..self.bank.column_count {
            if self.bank.packed {
                self.project_column::<I::Pack>(column, position, velocity, moment, newton);
            } else {
                self.project_column::<I::Single>(column, position, velocity, moment, newton);
            }
        }
    }

    #[inline(always)]
    fn project_column<V: Vector>(
        &mut self,
        column: usize,
        position: &mut [f64],
        velocity: &mut [f64],
        moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        let mut moment = moment;
        for iteration in 0.. {
            let residual = self.evaluate::<V>(column, position, moment);
            self.factor::<V>(column, moment.inverse_mass);
            moment.anew = false;
            if newton.is_within(residual) || !self.go_on::<V>(column, iteration, residual, newton) {
                newton.residual.include(residual);
                break;
            }
            self.solve::<V>(column);
            self.apply::<V>(column, -1.0, position, moment.inverse_mass);
        }
        self.project_velocity::<V>(column, velocity, moment.inverse_mass);
    }

    /// Evaluates and factors at a position; the velocity is left for [`Mechanism::project_velocities`].
    #[inline(always)]
    pub(crate) fn settle<I: Instructions>(
        &mut self,
        position: &[f64],
        moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        for column in 0..self.bank.column_count {
            if self.bank.packed {
                newton.residual.include(self.evaluate::<I::Pack>(column, position, moment));
                self.factor::<I::Pack>(column, moment.inverse_mass);
            } else {
                newton.residual.include(self.evaluate::<I::Single>(column, position, moment));
                self.factor::<I::Single>(column, moment.inverse_mass);
            }
        }
    }

    /// Velocities onto G v = -g_t, with G as it stands.
    #[inline(always)]
    pub(crate) fn project_velocities<I: Instructions>(&mut self, velocity: &mut [f64], inverse_mass: &[f64]) {
        for column in 0..self.bank.column_count {
            if self.bank.packed {
                self.project_velocity::<I::Pack>(column, velocity, inverse_mass);
            } else {
                self.project_velocity::<I::Single>(column, velocity, inverse_mass);
            }
        }
    }

    /// RATTLE: moves positions along G of the last projection until g = 0, and velocities by the same
    /// multipliers divided by `dt`.
    #[inline(always)]
    pub(crate) fn slide<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        dt: f64,
        moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        for column in 0..self.bank.column_count {
            if self.bank.packed {
                self.slide_column::<I::Pack>(column, position, velocity, dt, moment, newton);
            } else {
                self.slide_column::<I::Single>(column, position, velocity, dt, moment, newton);
            }
        }
    }

    /// The old gradient converges linearly, and an error of the position counts 1 / dt times in the velocity:
    /// one more iteration once all lanes are within tolerance.
    #[inline(always)]
    fn slide_column<V: Vector>(
        &mut self,
        column: usize,
        position: &mut [f64],
        velocity: &mut [f64],
        dt: f64,
        moment: Moment<'_>,
        newton: &mut Newton,
    ) {
        for iteration in 0.. {
            let residual = self.evaluate_residual::<V>(column, position, moment.time);
            let done = newton.is_within(residual) || !self.go_on::<V>(column, iteration, residual, newton);
            self.solve::<V>(column);
            self.apply::<V>(column, -1.0, position, moment.inverse_mass);
            self.apply::<V>(column, -1.0 / dt, velocity, moment.inverse_mass);
            if done {
                break;
            }
        }
    }

    /// Leaves only the pending lanes' residuals to be corrected; false if there is none or no iteration left.
    #[inline(always)]
    fn go_on<V: Vector>(
        &mut self,
        column: usize,
        iteration: usize,
        residual: V,
        newton: &mut Newton,
    ) -> bool {
        let pending = newton.pending(residual);
        if pending.all_at_most(V::splat(0.0)) {
            return false;
        }
        if iteration >= newton.limit {
            newton.failed = true;
            return false;
        }
        pending.add_to(&mut self.iterations, column * V::WIDTH);
        let rows = self.rows_of_column(column, V::WIDTH);
        for at in rows.step_by(V::WIDTH) {
            let residual = V::load(&self.multipliers, at);
            V::splat(0.0).select_less(pending, residual, V::splat(0.0)).store(&mut self.multipliers, at);
        }
        true
    }

    /// Residual, G and second derivatives at a position; returns the largest residual.
    #[inline(always)]
    fn evaluate<V: Vector>(&mut self, column: usize, position: &[f64], moment: Moment<'_>) -> V {
        let mut largest = V::splat(0.0);
        for row in 0..self.rows.len() {
            let residual = if self.rows[row].kind == RowKind::Linear {
                self.linear_row::<V>(column, row, position, moment.time)
            } else {
                if moment.anew {
                    self.evaluate_angles::<V>(column, row, position);
                }
                let evaluation = self.nonlinear_row::<V>(column, row, position);
                self.keep_derivatives(column, row, evaluation);
                evaluation.residual
            };
            largest = largest.max(residual.abs());
            residual.store(&mut self.multipliers, (column * self.rows.len() + row) * V::WIDTH);
        }
        largest
    }

    /// The residual alone: G stays that of an earlier position.
    #[inline(always)]
    fn evaluate_residual<V: Vector>(&mut self, column: usize, position: &[f64], time: f64) -> V {
        let mut largest = V::splat(0.0);
        for row in 0..self.rows.len() {
            let residual = if self.rows[row].kind == RowKind::Linear {
                self.linear_row::<V>(column, row, position, time)
            } else {
                self.nonlinear_row::<V>(column, row, position).residual
            };
            largest = largest.max(residual.abs());
            residual.store(&mut self.multipliers, (column * self.rows.len() + row) * V::WIDTH);
        }
        largest
    }

    #[inline(always)]
    fn linear_row<V: Vector>(&self, column: usize, row: usize, position: &[f64], time: f64) -> V {
        let gradient = &self.gradient[column * self.pattern.entry_count() * V::WIDTH..];
        let entries = (self.pattern.row_start[row]..self.pattern.row_start[row + 1]).map(|entry| {
            let at = self.bank.places[self.pattern.coordinate[entry]] + column * V::WIDTH;
            (V::load(gradient, entry * V::WIDTH), V::load(position, at))
        });
        linear_residual(entries, [0, 1].map(|number| self.parameter(column, row, number)), time)
    }

    #[inline(always)]
    fn nonlinear_row<V: Vector>(&self, column: usize, row: usize, position: &[f64]) -> Evaluation<V> {
        let MechanismRow { kind, parameter_count, .. } = self.rows[row];
        let [a, b] = self.ends(column, row, V::WIDTH).map(|at| V::load(position, at));
        let parameter = |number| self.parameter(column, row, number);
        let [angle_a, angle_b] =
            [0, 1].map(|end| Angle::load(&self.angles, self.angle_place(column, row, end, V::WIDTH)));
        match kind {
            RowKind::SliderCrank => slider_crank(angle_a.moved_to(a), b, [parameter(0), parameter(1)]),
            RowKind::Cam => cam(angle_a.moved_to(a), b, (0..parameter_count).map(parameter)),
            _ => universal_joint(angle_a.moved_to(a), angle_b.moved_to(b), parameter(0)),
        }
    }

    /// Evaluates the angles that the others of this step are moved from.
    #[inline(always)]
    fn evaluate_angles<V: Vector>(&mut self, column: usize, row: usize, position: &[f64]) {
        let [a, b] = self.ends(column, row, V::WIDTH).map(|at| V::load(position, at));
        let [place_a, place_b] = [0, 1].map(|end| self.angle_place(column, row, end, V::WIDTH));
        Angle::new(a).store(&mut self.angles, place_a);
        if self.rows[row].kind == RowKind::UniversalJoint {
            Angle::new(b).store(&mut self.angles, place_b);
        }
    }

    #[inline(always)]
    fn angle_place(&self, column: usize, row: usize, end: usize, width: usize) -> usize {
        ((column * self.rows.len() + row) * 2 + end) * ANGLE * width
    }

    #[inline(always)]
    fn keep_derivatives<V: Vector>(&mut self, column: usize, row: usize, evaluation: Evaluation<V>) {
        let first = column * self.pattern.entry_count() + self.pattern.row_start[row];
        for (entry, value) in evaluation.gradient.into_iter().enumerate() {
            value.store(&mut self.gradient, (first + entry) * V::WIDTH);
        }
        let first = (column * self.rows.len() + row) * CURVATURES;
        for (number, value) in evaluation.curvature.into_iter().enumerate() {
            value.store(&mut self.curvature, (first + number) * V::WIDTH);
        }
    }

    #[inline(always)]
    fn parameter<V: Vector>(&self, column: usize, row: usize, number: usize) -> V {
        let place = column * self.parameter_count + self.rows[row].first_parameter + number;
        V::load(&self.parameters, place * V::WIDTH)
    }

    /// Places of the two coordinates of a nonlinear row.
    #[inline(always)]
    fn ends(&self, column: usize, row: usize, width: usize) -> [usize; 2] {
        let first = self.pattern.row_start[row];
        [first, first + 1].map(|entry| self.bank.places[self.pattern.coordinate[entry]] + column * width)
    }

    /// Assembles and factors S from G.
    #[inline(always)]
    fn factor<V: Vector>(&mut self, column: usize, inverse_mass: &[f64]) {
        let (entries, values) =
            (self.pattern.entry_count() * V::WIDTH, self.pattern.value_count() * V::WIDTH);
        let gradient = &self.gradient[column * entries..][..entries];
        let system = &mut self.system[column * values..][..values];
        let mass = |local: usize| V::load(inverse_mass, self.bank.places[local] + column * V::WIDTH);
        self.pattern.assemble(gradient, mass, system);
        self.pattern.factor::<V>(system);
    }

    /// v -= M^-1 G^T S^-1 (G v + g_t).
    #[inline(always)]
    fn project_velocity<V: Vector>(&mut self, column: usize, velocity: &mut [f64], inverse_mass: &[f64]) {
        self.gradient_product::<V>(column, velocity);
        for row in 0..self.rows.len() {
            if self.rows[row].kind == RowKind::Linear {
                let rate = self.parameter::<V>(column, row, 1);
                (-rate).add_to(&mut self.multipliers, (column * self.rows.len() + row) * V::WIDTH);
            }
        }
        self.solve::<V>(column);
        self.apply::<V>(column, -1.0, velocity, inverse_mass);
    }

    /// Constrained accelerations from free ones, in place: a += M^-1 G^T lambda, S lambda = -(G a + gamma).
    /// The multipliers -lambda stay for [`Mechanism::reactions`].
    #[inline(always)]
    pub(crate) fn constrain_acceleration<I: Instructions>(
        &mut self,
        acceleration: &mut [f64],
        velocity: &[f64],
        inverse_mass: &[f64],
    ) {
        if self.bank.packed {
            self.constrain_columns::<I::Pack>(acceleration, velocity, inverse_mass);
        } else {
            self.constrain_columns::<I::Single>(acceleration, velocity, inverse_mass);
        }
    }

    #[inline(always)]
    fn constrain_columns<V: Vector>(
        &mut self,
        acceleration: &mut [f64],
        velocity: &[f64],
        inverse_mass: &[f64],
    ) {
        for column in 0..self.bank.column_count {
            self.gradient_product::<V>(column, acceleration);
            for row in 0..self.rows.len() {
                if self.rows[row].kind != RowKind::Linear {
                    let gamma = self.gamma::<V>(column, row, velocity);
                    gamma.add_to(&mut self.multipliers, (column * self.rows.len() + row) * V::WIDTH);
                }
            }
            self.solve::<V>(column);
            self.apply::<V>(column, -1.0, acceleration, inverse_mass);
        }
    }

    /// gamma = g_aa v_a^2 + 2 g_ab v_a v_b + g_bb v_b^2 of a nonlinear row.
    #[inline(always)]
    fn gamma<V: Vector>(&self, column: usize, row: usize, velocity: &[f64]) -> V {
        let first = (column * self.rows.len() + row) * CURVATURES;
        let [aa, ab, bb] =
            [first, first + 1, first + 2].map(|place| V::load(&self.curvature, place * V::WIDTH));
        let [a, b] = self.ends(column, row, V::WIDTH).map(|at| V::load(velocity, at));
        let cross = (ab + ab) * b;
        a * aa.mul_add(a, cross) + bb * b * b
    }

    /// multipliers = G x.
    #[inline(always)]
    fn gradient_product<V: Vector>(&mut self, column: usize, x: &[f64]) {
        let gradient = &self.gradient[column * self.pattern.entry_count() * V::WIDTH..];
        for row in 0..self.pattern.row_count {
            let mut sum = V::splat(0.0);
            for entry in self.pattern.row_start[row]..self.pattern.row_start[row + 1] {
                let at = self.bank.places[self.pattern.coordinate[entry]] + column * V::WIDTH;
                sum = V::load(gradient, entry * V::WIDTH).mul_add(V::load(x, at), sum);
            }
            sum.store(&mut self.multipliers, (column * self.pattern.row_count + row) * V::WIDTH);
        }
    }

    #[inline(always)]
    fn solve<V: Vector>(&mut self, column: usize) {
        let values = self.pattern.value_count() * V::WIDTH;
        let rows = self.rows_of_column(column, V::WIDTH);
        let system = &self.system[column * values..][..values];
        self.pattern.solve::<V>(system, &mut self.multipliers[rows]);
    }

    #[inline(always)]
    fn rows_of_column(&self, column: usize, width: usize) -> std::ops::Range<usize> {
        let count = self.pattern.row_count * width;
        column * count..(column + 1) * count
    }

    /// x += scale M^-1 G^T multipliers.
    #[inline(always)]
    fn apply<V: Vector>(&self, column: usize, scale: f64, x: &mut [f64], inverse_mass: &[f64]) {
        let gradient = &self.gradient[column * self.pattern.entry_count() * V::WIDTH..];
        for row in 0..self.pattern.row_count {
            let place = (column * self.pattern.row_count + row) * V::WIDTH;
            let multiplier = V::load(&self.multipliers, place) * V::splat(scale);
            for entry in self.pattern.row_start[row]..self.pattern.row_start[row + 1] {
                let at = self.bank.places[self.pattern.coordinate[entry]] + column * V::WIDTH;
                let change = V::load(gradient, entry * V::WIDTH) * V::load(inverse_mass, at);
                multiplier.mul_add(change, V::load(x, at)).store(x, at);
            }
        }
    }

    /// Multipliers lambda of the last `constrain_acceleration`, by constraint number and lane.
    pub(crate) fn reactions(&self, reaction: &mut [f64], lanes: usize) {
        for column in 0..self.bank.column_count {
            let multipliers = &self.multipliers[self.rows_of_column(column, self.bank.width())];
            self.bank.for_each_row(column, &self.numbers, |number, lane, at| {
                reaction[number * lanes + lane] = -multipliers[at];
            });
        }
    }

    /// Newton iterations of the cluster that needed most, by lane.
    pub(crate) fn count_iterations(&self, largest: &mut LaneMaximum, lanes: usize) {
        for (at, &count) in self.iterations.iter().enumerate() {
            largest.include_value(if lanes == 1 { 0 } else { at % lanes }, count);
        }
    }

    /// Number and size of the largest residual of a lane at a position.
    #[inline(always)]
    pub(crate) fn worst_row<I: Instructions>(
        &mut self,
        position: &[f64],
        time: f64,
        lane: usize,
    ) -> Option<(usize, f64)> {
        let mut worst = None;
        for column in 0..self.bank.column_count {
            if self.bank.packed {
                self.evaluate_residual::<I::Pack>(column, position, time);
            } else {
                self.evaluate_residual::<I::Single>(column, position, time);
            }
            let residual = &self.multipliers[self.rows_of_column(column, self.bank.width())];
            self.bank.for_each_row(column, &self.numbers, |number, at_lane, at| {
                if at_lane == lane {
                    keep_worst(&mut worst, number, residual[at].abs());
                }
            });
        }
        worst
    }
}
