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
use crate::solver::{Bank, ENTRIES, Pattern, RowPlaces, Width, at_width};
use crate::vector::{Instructions, PACK, Vector};
use chain::{Chain, Links};

/// A class of clusters of linear rows.
#[derive(Debug)]
pub(crate) struct Rigid {
    pattern: Pattern,
    bank: Bank,
    rows: Vec<RowPlaces>,
    /// G and G M^-1, `[column][row][entry]`.
    gradient: Aligned,
    change: Aligned,
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
        let gradient = bank.expand(class, members, pattern.entry_count(), |cluster, entry, member| {
            constant_gradient(assembly, &cluster.rows[entry / ENTRIES], entry % ENTRIES, member)
        });
        let parameters = bank.expand(class, members, 2 * pattern.row_count, |cluster, number, member| {
            parameter(assembly, &cluster.rows[number / 2], number % 2, member)
        });
        let (width, numbers) = (bank.width(), class.numbers());
        let mut rigid = Self {
            system: Aligned::zeros(bank.column_count * pattern.value_count() * width),
            multipliers: Aligned::zeros(pattern.row_count * width),
            motion: Motion::Some,
            rows: pattern.row_places(&bank.places),
            change: pattern.changes(&gradient, &bank, inverse_mass),
            pattern,
            bank,
            gradient,
            parameters,
            numbers,
        };
        at_width!(rigid.bank.width, I, rigid.prepare());
        rigid
    }

    fn prepare<V: Vector>(&mut self) {
        for column in 0..self.bank.column_count {
            let (entries, values) = (self.pattern.entry_count(), self.pattern.value_count());
            let gradient = &self.gradient[column * entries * V::WIDTH..];
            let change = &self.change[column * entries * V::WIDTH..];
            let system = &mut self.system[column * values * V::WIDTH..][..values * V::WIDTH];
            self.pattern.factor::<V>(gradient, change, system);
        }
        match self.pattern.coordinate_count - self.pattern.row_count {
            0 => self.motion = Motion::Locked,
            _ if self.bank.width == Width::Single => self.find_chain(),
            _ => {}
        }
    }

    fn find_chain(&mut self) {
        let links = Links {
            pattern: &self.pattern,
            places: &self.bank.places,
            gradient: &self.gradient,
            change: &self.change,
            parameters: &self.parameters,
            system: &self.system,
        };
        if let Some(chain) = Chain::new(&links) {
            self.motion = Motion::Chain(Box::new(chain));
        }
    }

    /// Takes from accelerations what the rows do not allow: a -= M^-1 G^T S^-1 G a.
    #[inline(always)]
    fn remove_normal<V: Vector>(&mut self, column: usize, acceleration: &mut [f64]) {
        self.gradient_product::<V>(column, acceleration);
        self.solve_and_apply::<V>(column, acceleration);
    }

    /// multipliers = G x.
    #[inline(always)]
    fn gradient_product<V: Vector>(&mut self, column: usize, x: &[f64]) {
        for number in 0..self.rows.len() {
            self.row_product::<V>(column, number, x).store(&mut self.multipliers, number * V::WIDTH);
        }
    }

    /// x -= M^-1 G^T S^-1 multipliers.
    #[inline(always)]
    fn solve_and_apply<V: Vector>(&mut self, column: usize, x: &mut [f64]) {
        let system = &self.system[column * self.pattern.value_count() * V::WIDTH..];
        self.pattern.solve::<V>(system, &mut self.multipliers);
        for (number, row) in self.rows.iter().enumerate() {
            let multiplier = V::load(&self.multipliers, number * V::WIDTH);
            let first = (column * self.rows.len() + number) * ENTRIES * V::WIDTH;
            row.apply(-multiplier, &self.change, first, x, column * V::WIDTH);
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
        let parameters = column * 2 * self.rows.len();
        for number in 0..self.rows.len() {
            let parameter =
                |place: usize| V::load(&self.parameters, (parameters + 2 * number + place) * V::WIDTH);
            let wanted = parameter(1).mul_add(V::splat(time), parameter(0));
            let residual = self.row_product::<V>(column, number, position) - wanted;
            largest.include(residual.abs());
            residual.store(&mut self.multipliers, number * V::WIDTH);
        }
    }

    /// A row of G x.
    #[inline(always)]
    fn row_product<V: Vector>(&self, column: usize, row: usize, x: &[f64]) -> V {
        let first = (column * self.rows.len() + row) * ENTRIES * V::WIDTH;
        self.rows[row].product(&self.gradient, first, x, column * V::WIDTH)
    }
}

/// Sets the rows of masked lanes to zero.
#[inline(always)]
pub(crate) fn mask_rows<V: Vector>(rows: &mut [f64], mask: &[f64; PACK]) {
    let mask = V::load(mask, 0);
    for at in (0..rows.len()).step_by(V::WIDTH) {
        V::splat(0.0).select_less(mask, V::load(rows, at), V::splat(0.0)).store(rows, at);
    }
}
