//! Clusters of linear rows only: bodies geared rigidly together.
//!
//! The gradient G is constant, so S = G M^-1 G^T is factored once, and a state whose increments satisfy the rows
//! goes on satisfying them: no Newton. Clusters that the rows leave one degree of freedom are found here only when
//! their reactions are to be recorded, or when a drive moves them: see [`crate::gearing`].

mod chain;
mod columns;

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::constraints::{constant_gradient, parameter};
use crate::lanes::LaneMaximum;
use crate::schedule::{Class, Layout};
use crate::solver::{Bank, Pattern};
use crate::vector::{Instructions, PACK, Vector};
use chain::{Chain, Links};

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
    /// Something, to a lone chain.
    Chain(Box<Chain>),
    /// Something.
    Some,
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
            motion: Motion::Some,
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
