//! Clusters with joints, cranks or cams: their rows are nonlinear, so positions need Newton iterations.
//!
//! A class of clusters is walked through column by column; what happens within one is in [`column`].

mod column;

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::constraints::{CURVATURES, constant_gradient, parameter, parameter_count};
use crate::lanes::{LaneMaximum, keep_worst};
use crate::newton::Newton;
use crate::rigid::entries_of_rows;
use crate::schedule::{Class, Layout, RowKind};
use crate::solver::{Bank, Pattern};
use crate::vector::{Instructions, Vector};
use column::{ANGLE, Column};

/// A class of clusters with nonlinear rows.
#[derive(Debug)]
pub(crate) struct Mechanism {
    pattern: Pattern,
    bank: Bank,
    rows: Vec<MechanismRow>,
    /// Place of each entry of G in the state vectors, for the first column.
    entry_places: Vec<usize>,
    parameter_count: usize,
    /// Constraint number of each row of each cluster.
    numbers: Vec<Vec<usize>>,
    /// Parameters of the rows, `[column][parameter]`.
    parameters: Aligned,
    /// G, `[column][entry]`.
    gradient: Aligned,
    /// Second derivatives of each row, `[column][row][3]`; zero for linear rows.
    curvature: Aligned,
    /// Angles that those of this step are moved from, `[column][row][end][value, sine, cosine]`.
    angles: Aligned,
    /// Residuals, then multipliers, `[column][row]`.
    multipliers: Aligned,
    /// S or its factors, `[column][value]`.
    system: Aligned,
    /// Newton iterations of each cluster, `[column]`.
    iterations: Aligned,
}

#[derive(Clone, Copy, Debug)]
struct MechanismRow {
    kind: RowKind,
    first_parameter: usize,
    parameter_count: usize,
}

/// When a projection takes place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) time: f64,
    /// Evaluate angles instead of moving them from where they were evaluated last.
    pub(crate) anew: bool,
    pub(crate) inverse_mass: &'a [f64],
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
            entry_places: pattern.coordinate.iter().map(|&local| bank.places[local]).collect(),
            parameter_count: owner.len(),
            numbers: class.numbers(),
            curvature: Aligned::zeros(size * CURVATURES * pattern.row_count),
            angles: Aligned::zeros(size * 2 * ANGLE * pattern.row_count),
            multipliers: Aligned::zeros(size * pattern.row_count),
            system: Aligned::zeros(size * pattern.value_count()),
            iterations: Aligned::zeros(size),
            pattern,
            bank,
            rows,
            parameters,
            gradient,
        }
    }

    /// The values of one column.
    #[inline(always)]
    fn column<V: Vector>(&mut self, column: usize) -> Column<'_> {
        let part = |count: usize| column * count * V::WIDTH..(column + 1) * count * V::WIDTH;
        let rows = self.rows.len();
        Column {
            pattern: &self.pattern,
            rows: &self.rows,
            entry_places: &self.entry_places,
            places: &self.bank.places,
            shift: column * V::WIDTH,
            parameters: &self.parameters[part(self.parameter_count)],
            gradient: &mut self.gradient[part(self.pattern.entry_count())],
            curvature: &mut self.curvature[part(rows * CURVATURES)],
            angles: &mut self.angles[part(rows * 2 * ANGLE)],
            multipliers: &mut self.multipliers[part(rows)],
            system: &mut self.system[part(self.pattern.value_count())],
            iterations: &mut self.iterations[part(1)],
        }
    }

    /// Brings positions onto the rows by Newton, then velocities onto G v = -g_t; leaves G and the factors of S
    /// at the result.
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
                self.column::<I::Pack>(column).project::<I::Pack>(position, velocity, moment, newton);
            } else {
                self.column::<I::Single>(column).project::<I::Single>(position, velocity, moment, newton);
            }
        }
    }

    /// RATTLE: moves positions along G of the last projection until g = 0, and velocities by the same
    /// multipliers divided by `dt`; then evaluates G and the factors of S there.
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
                self.column::<I::Pack>(column).slide::<I::Pack>(position, velocity, dt, moment, newton);
            } else {
                self.column::<I::Single>(column).slide::<I::Single>(position, velocity, dt, moment, newton);
            }
        }
    }

    /// Velocities onto G v = -g_t, with G as it stands.
    #[inline(always)]
    pub(crate) fn project_velocities<I: Instructions>(&mut self, velocity: &mut [f64], inverse_mass: &[f64]) {
        for column in 0..self.bank.column_count {
            if self.bank.packed {
                self.column::<I::Pack>(column).project_velocity::<I::Pack>(velocity, inverse_mass);
            } else {
                self.column::<I::Single>(column).project_velocity::<I::Single>(velocity, inverse_mass);
            }
        }
    }

    /// Constrained accelerations from free ones, in place. Leaves the multipliers -lambda for
    /// [`Mechanism::reactions`].
    #[inline(always)]
    pub(crate) fn constrain_acceleration<I: Instructions>(
        &mut self,
        acceleration: &mut [f64],
        velocity: &[f64],
        inverse_mass: &[f64],
    ) {
        for column in 0..self.bank.column_count {
            if self.bank.packed {
                let mut column = self.column::<I::Pack>(column);
                column.constrain_acceleration::<I::Pack>(acceleration, velocity, inverse_mass);
            } else {
                let mut column = self.column::<I::Single>(column);
                column.constrain_acceleration::<I::Single>(acceleration, velocity, inverse_mass);
            }
        }
    }

    /// Multipliers lambda of the last `constrain_acceleration`, by constraint number and lane.
    pub(crate) fn reactions(&self, reaction: &mut [f64], lanes: usize) {
        let count = self.rows.len() * self.bank.width();
        for column in 0..self.bank.column_count {
            let multipliers = &self.multipliers[column * count..];
            self.bank.for_each_row(column, &self.numbers, |number, lane, at| {
                reaction[number * lanes + lane] = -multipliers[at];
            });
        }
    }

    /// Newton iterations of the cluster that needed most, by lane.
    pub(crate) fn count_iterations(&self, largest: &mut LaneMaximum, lanes: usize) {
        for (at, &count) in self.iterations.iter().enumerate() {
            largest.include_value(at % lanes, count);
        }
    }

    /// Number and size of the largest residual of a lane at a position.
    pub(crate) fn worst_row<I: Instructions>(
        &mut self,
        position: &[f64],
        time: f64,
        lane: usize,
    ) -> Option<(usize, f64)> {
        let mut worst = None;
        let count = self.rows.len() * self.bank.width();
        for column in 0..self.bank.column_count {
            if self.bank.packed {
                self.column::<I::Pack>(column).evaluate_residual::<I::Pack>(position, time);
            } else {
                self.column::<I::Single>(column).evaluate_residual::<I::Single>(position, time);
            }
            let residual = &self.multipliers[column * count..];
            self.bank.for_each_row(column, &self.numbers, |number, at_lane, at| {
                if at_lane == lane {
                    keep_worst(&mut worst, number, residual[at].abs());
                }
            });
        }
        worst
    }
}
