//! Clusters of linear rows only: bodies geared rigidly together.
//!
//! The gradient G is constant, so S = G M^-1 G^T is factored once, and a state whose increments satisfy the rows
//! goes on satisfying them: no Newton. A cluster with one degree of freedom left moves along one direction z, and
//! a = z (z . f) with z . M z = 1; one with none left does not accelerate.

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::chain::{Chain, Links};
use crate::constraints::{constant_gradient, parameter};
use crate::lanes::LaneMaximum;
use crate::schedule::{Class, Layout};
use crate::solver::{Bank, Pattern};
use crate::vector::{Instructions, PACK, Vector};

/// A class of clusters of linear rows.
#[derive(Debug)]
pub(crate) struct Rigid {
    pattern: Pattern,
    bank: Bank,
    /// G, `[column][entry]`.
    gradient: Aligned,
    /// Offset and rate of each row, `[column][row][2]`.
    parameters: Aligned,
    /// Factors of S, `[column][value]`.
    system: Aligned,
    /// Right-hand side and solution of one column.
    multipliers: Aligned,
    motion: Motion,
    /// Constraint number of each row of each cluster.
    numbers: Vec<Vec<usize>>,
}

/// What the rows leave free.
#[derive(Debug)]
enum Motion {
    /// Nothing.
    Locked,
    /// Motion along `direction` (with its momentum), `[column][coordinate]`.
    OneFree { direction: Aligned, momentum: Aligned },
    /// More, of a lone chain.
    Chain(Box<Chain>),
    /// More.
    Several,
}

impl Rigid {
    pub(crate) fn new<I: Instructions>(
        assembly: &Assembly,
        class: &Class,
        layout: &Layout,
        members: &[usize],
        inverse_mass: &[f64],
    ) -> Self {
        let (pattern, bank) = (Pattern::new(&class.shape), Bank::new(class, layout));
        let entry_of = entries_of_rows(&pattern);
        let gradient = bank.expand(class, members, pattern.entry_count(), |cluster, entry, member| {
            let (row, within) = entry_of[entry];
            constant_gradient(assembly, &cluster.rows[row], within, member)
        });
        let parameters = bank.expand(class, members, 2 * pattern.row_count, |cluster, number, member| {
            parameter(assembly, &cluster.rows[number / 2], number % 2, member)
        });
        let (width, numbers) = (bank.width(), class.numbers());
        let mut rigid = Self {
            system: Aligned::zeros(bank.column_count * pattern.value_count() * width),
            multipliers: Aligned::zeros(pattern.row_count * width),
            motion: Motion::Several,
            pattern,
            bank,
            gradient,
            parameters,
            numbers,
        };
        if rigid.bank.packed {
            rigid.prepare::<I::Pack>(inverse_mass);
        } else {
            rigid.prepare::<I::Single>(inverse_mass);
        }
        rigid
    }

    fn prepare<V: Vector>(&mut self, inverse_mass: &[f64]) {
        for column in 0..self.bank.column_count {
            let (entries, values) = (self.pattern.entry_count(), self.pattern.value_count());
            let gradient = &self.gradient[column * entries * V::WIDTH..][..entries * V::WIDTH];
            let system = &mut self.system[column * values * V::WIDTH..][..values * V::WIDTH];
            let places = &self.bank.places;
            self.pattern.assemble::<V>(gradient, inverse_mass, places, column * V::WIDTH, system);
            self.pattern.factor::<V>(system);
        }
        match self.pattern.coordinate_count - self.pattern.row_count {
            0 => self.motion = Motion::Locked,
            1 => self.find_direction::<V>(inverse_mass),
            _ if !self.bank.packed => self.find_chain(inverse_mass),
            _ => {}
        }
    }

    fn find_chain(&mut self, inverse_mass: &[f64]) {
        let links = Links {
            pattern: &self.pattern,
            places: &self.bank.places,
            gradient: &self.gradient,
            parameters: &self.parameters,
            system: &self.system,
            inverse_mass,
        };
        if let Some(chain) = Chain::new(&links) {
            self.motion = Motion::Chain(Box::new(chain));
        }
    }

    /// The free direction is what the rows leave of a unit acceleration of the coordinate that they hold least.
    fn find_direction<V: Vector>(&mut self, inverse_mass: &[f64]) {
        let (count, length) = (self.pattern.coordinate_count, inverse_mass.len());
        let mut direction = Aligned::zeros(self.bank.column_count * count * V::WIDTH);
        let mut momentum = direction.clone();
        let mut trial = Aligned::zeros(length);
        for column in 0..self.bank.column_count {
            let places: Vec<usize> = self.bank.places.iter().map(|at| at + column * V::WIDTH).collect();
            let mut best = V::splat(0.0);
            for &unit in &places {
                for &at in &places {
                    V::splat(if at == unit { 1.0 } else { 0.0 }).store(&mut trial, at);
                }
                self.remove_normal::<V>(column, &mut trial, inverse_mass);
                let kinetic = |sum: V, &at: &usize| {
                    let a = V::load(&trial, at);
                    (a * a / V::load(inverse_mass, at)) + sum
                };
                // Relative to the kinetic energy of the unit acceleration: 1 where the rows do not hold it.
                let energy = places.iter().fold(V::splat(0.0), kinetic);
                let share = energy * V::load(inverse_mass, unit);
                let scale = V::splat(1.0) / energy.sqrt();
                for (local, &at) in places.iter().enumerate() {
                    let slot = (column * count + local) * V::WIDTH;
                    let new = V::load(&trial, at) * scale;
                    let old = V::load(&direction, slot);
                    let chosen = best.select_less(share, new, old);
                    chosen.store(&mut direction, slot);
                    (chosen / V::load(inverse_mass, at)).store(&mut momentum, slot);
                }
                best = best.max(share);
                if V::splat(0.1 / count as f64).all_at_most(best) {
                    break;
                }
            }
        }
        self.motion = Motion::OneFree { direction, momentum };
    }

    /// Takes from accelerations what the rows do not allow: a -= M^-1 G^T S^-1 G a.
    #[inline(always)]
    fn remove_normal<V: Vector>(&mut self, column: usize, acceleration: &mut [f64], inverse_mass: &[f64]) {
        self.gradient_product::<V>(column, acceleration);
        self.solve_and_apply::<V>(column, acceleration, inverse_mass);
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
            sum.store(&mut self.multipliers, row * V::WIDTH);
        }
    }

    /// x -= M^-1 G^T S^-1 multipliers.
    #[inline(always)]
    fn solve_and_apply<V: Vector>(&mut self, column: usize, x: &mut [f64], inverse_mass: &[f64]) {
        let system = &self.system[column * self.pattern.value_count() * V::WIDTH..];
        self.pattern.solve::<V>(system, &mut self.multipliers);
        let gradient = &self.gradient[column * self.pattern.entry_count() * V::WIDTH..];
        for row in 0..self.pattern.row_count {
            let multiplier = V::load(&self.multipliers, row * V::WIDTH);
            for entry in self.pattern.row_start[row]..self.pattern.row_start[row + 1] {
                let at = self.bank.places[self.pattern.coordinate[entry]] + column * V::WIDTH;
                let change = V::load(gradient, entry * V::WIDTH) * V::load(inverse_mass, at);
                (-multiplier).mul_add(change, V::load(x, at)).store(x, at);
            }
        }
    }

    /// multipliers = g(q, t); their largest size goes into `largest`.
    #[inline(always)]
    fn residual_of_column<V: Vector>(
        &mut self,
        column: usize,
        position: &[f64],
        time: f64,
        largest: &mut LaneMaximum,
    ) {
        let gradient = &self.gradient[column * self.pattern.entry_count() * V::WIDTH..];
        let parameters = &self.parameters[column * 2 * self.pattern.row_count * V::WIDTH..];
        for row in 0..self.pattern.row_count {
            let offset = V::load(parameters, 2 * row * V::WIDTH);
            let rate = V::load(parameters, (2 * row + 1) * V::WIDTH);
            let mut residual = -rate.mul_add(V::splat(time), offset);
            for entry in self.pattern.entries(row) {
                let at = self.bank.places[self.pattern.coordinate[entry]] + column * V::WIDTH;
                residual = V::load(gradient, entry * V::WIDTH).mul_add(V::load(position, at), residual);
            }
            largest.include(residual.abs());
            residual.store(&mut self.multipliers, row * V::WIDTH);
        }
    }
}

/// The work on all columns, for either width.
impl Rigid {
    /// Constrained accelerations from free ones, in place.
    #[inline(always)]
    pub(crate) fn constrain_acceleration<I: Instructions>(
        &mut self,
        acceleration: &mut [f64],
        inverse_mass: &[f64],
    ) {
        if let Motion::Chain(chain) = &mut self.motion {
            chain.remove_normal::<I>(acceleration);
        } else if self.bank.packed {
            self.constrain_columns::<I::Pack>(acceleration, inverse_mass);
        } else {
            self.constrain_columns::<I::Single>(acceleration, inverse_mass);
        }
    }

    #[inline(always)]
    fn constrain_columns<V: Vector>(&mut self, acceleration: &mut [f64], inverse_mass: &[f64]) {
        for column in 0..self.bank.column_count {
            match &self.motion {
                Motion::Locked => self.stop::<V>(column, acceleration),
                Motion::OneFree { direction, momentum } => {
                    self.move_along::<V>(column, direction, momentum, acceleration);
                }
                _ => self.remove_normal::<V>(column, acceleration, inverse_mass),
            }
        }
    }

    #[inline(always)]
    fn stop<V: Vector>(&self, column: usize, acceleration: &mut [f64]) {
        for at in &self.bank.places {
            V::splat(0.0).store(acceleration, at + column * V::WIDTH);
        }
    }

    /// a = z (M z . a).
    #[inline(always)]
    fn move_along<V: Vector>(
        &self,
        column: usize,
        direction: &[f64],
        momentum: &[f64],
        acceleration: &mut [f64],
    ) {
        let first = column * self.bank.places.len();
        let mut sum = V::splat(0.0);
        for (local, at) in self.bank.places.iter().enumerate() {
            let a = V::load(acceleration, at + column * V::WIDTH);
            sum = V::load(momentum, (first + local) * V::WIDTH).mul_add(a, sum);
        }
        for (local, at) in self.bank.places.iter().enumerate() {
            let a = sum * V::load(direction, (first + local) * V::WIDTH);
            a.store(acceleration, at + column * V::WIDTH);
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
            if self.bank.packed {
                self.residual_of_column::<I::Pack>(column, position, time, largest);
            } else {
                self.residual_of_column::<I::Single>(column, position, time, largest);
            }
        }
    }

    /// Brings positions onto the rows; lanes whose `mask` is 0 stay as they are.
    #[inline(always)]
    pub(crate) fn project_positions<I: Instructions>(
        &mut self,
        position: &mut [f64],
        time: f64,
        inverse_mass: &[f64],
        mask: &[f64; PACK],
    ) {
        if self.bank.packed {
            self.project_position_columns::<I::Pack>(position, time, inverse_mass, mask);
        } else {
            self.project_position_columns::<I::Single>(position, time, inverse_mass, mask);
        }
    }

    #[inline(always)]
    fn project_position_columns<V: Vector>(
        &mut self,
        position: &mut [f64],
        time: f64,
        inverse_mass: &[f64],
        mask: &[f64; PACK],
    ) {
        for column in 0..self.bank.column_count {
            self.residual_of_column::<V>(column, position, time, &mut LaneMaximum::new());
            mask_rows::<V>(&mut self.multipliers, mask);
            self.solve_and_apply::<V>(column, position, inverse_mass);
        }
    }

    /// Brings velocities onto G v = rate; lanes whose `mask` is 0 stay as they are.
    #[inline(always)]
    pub(crate) fn project_velocities<I: Instructions>(
        &mut self,
        velocity: &mut [f64],
        inverse_mass: &[f64],
        mask: &[f64; PACK],
    ) {
        if self.bank.packed {
            self.project_velocity_columns::<I::Pack>(velocity, inverse_mass, mask);
        } else {
            self.project_velocity_columns::<I::Single>(velocity, inverse_mass, mask);
        }
    }

    #[inline(always)]
    fn project_velocity_columns<V: Vector>(
        &mut self,
        velocity: &mut [f64],
        inverse_mass: &[f64],
        mask: &[f64; PACK],
    ) {
        for column in 0..self.bank.column_count {
            self.gradient_product::<V>(column, velocity);
            for row in 0..self.pattern.row_count {
                let rate = (2 * (column * self.pattern.row_count + row) + 1) * V::WIDTH;
                (-V::load(&self.parameters, rate)).add_to(&mut self.multipliers, row * V::WIDTH);
            }
            mask_rows::<V>(&mut self.multipliers, mask);
            self.solve_and_apply::<V>(column, velocity, inverse_mass);
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
            if self.bank.packed {
                self.solve_reactions::<I::Pack>(column, free_acceleration);
            } else {
                self.solve_reactions::<I::Single>(column, free_acceleration);
            }
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
            if self.bank.packed {
                self.residual_of_column::<I::Pack>(column, position, time, &mut LaneMaximum::new());
            } else {
                self.residual_of_column::<I::Single>(column, position, time, &mut LaneMaximum::new());
            }
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

/// Row and position within it of each entry of G.
pub(crate) fn entries_of_rows(pattern: &Pattern) -> Vec<(usize, usize)> {
    (0..pattern.row_count)
        .flat_map(|row| {
            (0..pattern.row_start[row + 1] - pattern.row_start[row]).map(move |within| (row, within))
        })
        .collect()
}

/// Sets the rows of masked lanes to zero.
#[inline(always)]
pub(crate) fn mask_rows<V: Vector>(rows: &mut [f64], mask: &[f64; PACK]) {
    let mask = V::load(mask, 0);
    for at in (0..rows.len()).step_by(V::WIDTH) {
        V::splat(0.0).select_less(mask, V::load(rows, at), V::splat(0.0)).store(rows, at);
    }
}
