//! Clusters with joints, cranks or cams: their rows are nonlinear, so positions need Newton iterations.
//!
//! A class of clusters is walked through column by column; what happens within one is in [`column`].

mod column;
mod evaluation;

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::constraints::{CURVATURES, constant_gradient, parameter, parameter_count};
use crate::lanes::{LaneMaximum, keep_worst};
use crate::newton::Newton;
use crate::schedule::{Class, Layout, RowKind};
use crate::solver::{Bank, ENTRIES, Pattern, RowPlaces, at_width};
use crate::vector::Instructions;
use column::Column;
use evaluation::ANGLES;

/// A class of clusters with nonlinear rows.
#[derive(Debug)]
pub(crate) struct Mechanism {
    structure: Structure,
    bank: Bank,
    /// Constraint number of each row of each cluster.
    numbers: Vec<Vec<usize>>,
    columns: Vec<Column>,
}

/// What the clusters of a class have in common.
#[derive(Debug)]
struct Structure {
    pattern: Pattern,
    rows: Vec<MechanismRow>,
}

#[derive(Clone, Copy, Debug)]
struct MechanismRow {
    kind: RowKind,
    first_parameter: usize,
    parameter_count: usize,
    places: RowPlaces,
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
    pub(crate) fn new(
        assembly: &Assembly,
        class: &Class,
        layout: &Layout,
        members: &[usize],
        inverse_mass: &[f64],
    ) -> Self {
        let (pattern, bank) = (Pattern::new(&class.shape), Bank::new(class, layout));
        let mut rows = Vec::new();
        let mut owner = Vec::new();
        for (row, places) in pattern.row_places(&bank.places).into_iter().enumerate() {
            let kind = class.shape.rows[row].0;
            let count = parameter_count(kind, assembly);
            rows.push(MechanismRow { kind, first_parameter: owner.len(), parameter_count: count, places });
            owner.extend((0..count).map(|number| (row, number)));
        }
        let parameters = bank.expand(class, members, owner.len(), |cluster, place, member| {
            let (row, number) = owner[place];
            parameter(assembly, &cluster.rows[row], number, member)
        });
        let gradient = bank.expand(class, members, pattern.entry_count(), |cluster, entry, member| {
            constant_gradient(assembly, &cluster.rows[entry / ENTRIES], entry % ENTRIES, member)
        });
        let change = pattern.changes(&gradient, &bank, inverse_mass);
        let size = |count: usize| count * bank.width();
        let column = |number: usize| {
            let part = |values: &Aligned, count: usize| {
                Aligned::from(&values[number * size(count)..(number + 1) * size(count)])
            };
            Column {
                shift: number * bank.width(),
                parameters: part(&parameters, owner.len()),
                gradient: part(&gradient, pattern.entry_count()),
                change: part(&change, pattern.entry_count()),
                curvature: Aligned::zeros(size(CURVATURES * rows.len())),
                angles: Aligned::zeros(size(ANGLES * rows.len())),
                multipliers: Aligned::zeros(size(rows.len())),
                system: Aligned::zeros(size(pattern.value_count())),
                iterations: Aligned::zeros(size(1)),
            }
        };
        let columns = (0..bank.column_count).map(column).collect();
        Self { numbers: class.numbers(), columns, structure: Structure { pattern, rows }, bank }
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
        let Self { structure, bank, columns, .. } = self;
        for column in columns {
            at_width!(bank.width, I, column.project(structure, position, velocity, moment, newton));
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
        let Self { structure, bank, columns, .. } = self;
        for column in columns {
            at_width!(bank.width, I, column.slide(structure, position, velocity, dt, moment, newton));
        }
    }

    /// Velocities onto G v = -g_t, with G as it stands.
    #[inline(always)]
    pub(crate) fn project_velocities<I: Instructions>(&mut self, velocity: &mut [f64]) {
        let Self { structure, bank, columns, .. } = self;
        for column in columns {
            at_width!(bank.width, I, column.project_velocity(structure, velocity));
        }
    }

    /// Constrained accelerations from free ones, in place. Leaves the multipliers -lambda for
    /// [`Mechanism::reactions`].
    #[inline(always)]
    pub(crate) fn constrain_acceleration<I: Instructions>(
        &mut self,
        acceleration: &mut [f64],
        velocity: &[f64],
    ) {
        let Self { structure, bank, columns, .. } = self;
        for column in columns {
            at_width!(bank.width, I, column.constrain_acceleration(structure, acceleration, velocity));
        }
    }

    /// Multipliers lambda of the last `constrain_acceleration`, by constraint number and lane.
    pub(crate) fn reactions(&self, reaction: &mut [f64], lanes: usize) {
        for (number, column) in self.columns.iter().enumerate() {
            self.bank.for_each_row(number, &self.numbers, |row, lane, at| {
                reaction[row * lanes + lane] = -column.multipliers[at];
            });
        }
    }

    /// Newton iterations of the cluster that needed most, by lane.
    pub(crate) fn count_iterations(&self, largest: &mut LaneMaximum, lanes: usize) {
        for column in &self.columns {
            for (at, &count) in column.iterations.iter().enumerate() {
                largest.include_value((column.shift + at) % lanes, count);
            }
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
        let Self { structure, bank, columns, numbers } = self;
        for (number, column) in columns.iter_mut().enumerate() {
            at_width!(bank.width, I, column.evaluate_residual(structure, position, time));
            bank.for_each_row(number, numbers, |row, at_lane, at| {
                if at_lane == lane {
                    keep_worst(&mut worst, row, column.multipliers[at].abs());
                }
            });
        }
        worst
    }
}
