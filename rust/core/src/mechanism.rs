//! Clusters with joints, cranks or cams: their rows are nonlinear, so positions need Newton iterations.
//!
//! For each pack of clusters: G and the second derivatives at a position, S = G M^-1 G^T, its factors, and the
//! three solves that use them: positions, velocities, accelerations.

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::constraints::{
    CURVATURES, Evaluation, cam, constant_gradient, linear_residual, parameter, parameter_count,
    slider_crank, universal_joint,
};
use crate::lanes::{LaneMaximum, keep_worst};
use crate::rigid::{entries_of_rows, mask_rows};
use crate::schedule::{Class, Layout, RowKind};
use crate::solver::{Bank, Pattern};
use crate::vector::{Instructions, PACK, Vector};

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
    /// S or its factors, `[column][value]`.
    system: Aligned,
    /// Constraint number of each row of each cluster.
    numbers: Vec<Vec<usize>>,
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

    /// Residual, G and second derivatives at a position; the largest residual goes into `largest`.
    pub(crate) fn evaluate<I: Instructions>(
        &mut self,
        position: &[f64],
        time: f64,
        largest: &mut LaneMaximum,
    ) {
        I::vectorize(
            #[inline(always)]
            || {
                if self.bank.packed {
                    self.evaluate_columns::<I::Pack, true>(position, time, largest);
                } else {
                    self.evaluate_columns::<I::Single, true>(position, time, largest);
                }
            },
        );
    }

    /// The residual alone: G stays that of an earlier position.
    pub(crate) fn evaluate_residual<I: Instructions>(
        &mut self,
        position: &[f64],
        time: f64,
        largest: &mut LaneMaximum,
    ) {
        I::vectorize(
            #[inline(always)]
            || {
                if self.bank.packed {
                    self.evaluate_columns::<I::Pack, false>(position, time, largest);
                } else {
                    self.evaluate_columns::<I::Single, false>(position, time, largest);
                }
            },
        );
    }

    #[inline(always)]
    fn evaluate_columns<V: Vector, const DERIVATIVES: bool>(
        &mut self,
        position: &[f64],
        time: f64,
        largest: &mut LaneMaximum,
    ) {
        for column in 0..self.bank.column_count {
            for row in 0..self.rows.len() {
                let residual = if self.rows[row].kind == RowKind::Linear {
                    self.linear_row::<V>(column, row, position, time)
                } else {
                    let evaluation = self.nonlinear_row::<V>(column, row, position);
                    if DERIVATIVES {
                        self.keep_derivatives(column, row, evaluation);
                    }
                    evaluation.residual
                };
                largest.include(residual.abs());
                residual.store(&mut self.multipliers, (column * self.rows.len() + row) * V::WIDTH);
            }
        }
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
        let ends = self.ends(column, row, V::WIDTH).map(|at| V::load(position, at));
        let parameter = |number| self.parameter(column, row, number);
        match kind {
            RowKind::SliderCrank => slider_crank(ends, [parameter(0), parameter(1)]),
            RowKind::Cam => cam(ends, (0..parameter_count).map(parameter)),
            _ => universal_joint(ends, parameter(0)),
        }
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

    /// Assembles and factors S at the position of the last `evaluate`.
    pub(crate) fn factor<I: Instructions>(&mut self, inverse_mass: &[f64]) {
        I::vectorize(
            #[inline(always)]
            || {
                if self.bank.packed {
                    self.factor_columns::<I::Pack>(inverse_mass);
                } else {
                    self.factor_columns::<I::Single>(inverse_mass);
                }
            },
        );
    }

    #[inline(always)]
    fn factor_columns<V: Vector>(&mut self, inverse_mass: &[f64]) {
        let (entries, values) =
            (self.pattern.entry_count() * V::WIDTH, self.pattern.value_count() * V::WIDTH);
        for column in 0..self.bank.column_count {
            let gradient = &self.gradient[column * entries..][..entries];
            let system = &mut self.system[column * values..][..values];
            let mass = |local: usize| V::load(inverse_mass, self.bank.places[local] + column * V::WIDTH);
            self.pattern.assemble(gradient, mass, system);
            self.pattern.factor::<V>(system);
        }
    }

    /// One Newton step from the residuals of the last `evaluate`: x -= scale M^-1 G^T S^-1 g for each (x, scale).
    pub(crate) fn correct<I: Instructions, const N: usize>(
        &mut self,
        targets: [(&mut [f64], f64); N],
        inverse_mass: &[f64],
        mask: &[f64; PACK],
    ) {
        I::vectorize(
            #[inline(always)]
            || {
                if self.bank.packed {
                    self.correct_columns::<I::Pack, N>(targets, inverse_mass, mask);
                } else {
                    self.correct_columns::<I::Single, N>(targets, inverse_mass, mask);
                }
            },
        );
    }

    #[inline(always)]
    fn correct_columns<V: Vector, const N: usize>(
        &mut self,
        mut targets: [(&mut [f64], f64); N],
        inverse_mass: &[f64],
        mask: &[f64; PACK],
    ) {
        for column in 0..self.bank.column_count {
            let rows = self.rows_of_column(column, V::WIDTH);
            mask_rows::<V>(&mut self.multipliers[rows], mask);
            self.solve::<V>(column);
            for (x, scale) in &mut targets {
                self.apply::<V>(column, -*scale, x, inverse_mass);
            }
        }
    }

    /// v -= M^-1 G^T S^-1 (G v + g_t).
    pub(crate) fn project_velocities<I: Instructions>(&mut self, velocity: &mut [f64], inverse_mass: &[f64]) {
        I::vectorize(
            #[inline(always)]
            || {
                if self.bank.packed {
                    self.project_velocity_columns::<I::Pack>(velocity, inverse_mass);
                } else {
                    self.project_velocity_columns::<I::Single>(velocity, inverse_mass);
                }
            },
        );
    }

    #[inline(always)]
    fn project_velocity_columns<V: Vector>(&mut self, velocity: &mut [f64], inverse_mass: &[f64]) {
        for column in 0..self.bank.column_count {
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
    }

    /// Constrained accelerations from free ones, in place: a += M^-1 G^T lambda, S lambda = -(G a + gamma).
    /// The multipliers -lambda stay for [`Mechanism::reactions`].
    pub(crate) fn constrain_acceleration<I: Instructions>(
        &mut self,
        acceleration: &mut [f64],
        velocity: &[f64],
        inverse_mass: &[f64],
    ) {
        I::vectorize(
            #[inline(always)]
            || {
                if self.bank.packed {
                    self.constrain_columns::<I::Pack>(acceleration, velocity, inverse_mass);
                } else {
                    self.constrain_columns::<I::Single>(acceleration, velocity, inverse_mass);
                }
            },
        );
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

    /// Number and size of the largest residual of a lane at a position.
    pub(crate) fn worst_row<I: Instructions>(
        &mut self,
        position: &[f64],
        time: f64,
        lane: usize,
    ) -> Option<(usize, f64)> {
        self.evaluate_residual::<I>(position, time, &mut LaneMaximum::new());
        let mut worst = None;
        for column in 0..self.bank.column_count {
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
