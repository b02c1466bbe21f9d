//! A lone chain of linear rows, like the wheels of a clock: each row shares coordinates with the next one only.
//!
//! The products with G run along the chain in packs; S is tridiagonal, and its two sweeps are all that is left to
//! be done row by row.

use crate::aligned::Aligned;
use crate::lanes::LaneMaximum;
use crate::schedule::{Kernel, Runs};
use crate::solver::{ENTRIES, Pattern};
use crate::vector::{Instructions, PACK, Vector};

/// The rows of one cluster; S = L D L^T with one value below each diagonal element.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Place of the row, then those of its coordinates.
    runs: Runs<5>,
    /// G, and G M^-1 as the coordinates stand, by entry.
    gradient: [Aligned; ENTRIES],
    change: [Aligned; ENTRIES],
    /// L and 1 / D by row.
    lower: Aligned,
    inverse: Aligned,
    offset: Aligned,
    rate: Aligned,
    multipliers: Aligned,
    row_count: usize,
}

/// What a chain is made from: values of a cluster that is not packed.
pub(crate) struct Links<'a> {
    pub(crate) pattern: &'a Pattern,
    pub(crate) places: &'a [usize],
    pub(crate) gradient: &'a [f64],
    pub(crate) change: &'a [f64],
    pub(crate) parameters: &'a [f64],
    pub(crate) system: &'a [f64],
}

impl Chain {
    /// The chain, if the rows form one.
    pub(crate) fn new(links: &Links<'_>) -> Option<Self> {
        let Links { pattern, places, gradient, change, parameters, system } = links;
        let row_count = pattern.row_count;
        let lower = pattern.lower_bidiagonal(system)?;
        let place = |row: usize, number: usize| places[pattern.coordinates[row][number]];
        let rows =
            (0..row_count).map(|row| [row, place(row, 0), place(row, 1), place(row, 2), place(row, 3)]);
        let runs = Runs::of_places(rows.collect(), 1).with_carry();
        let by_row = |of_row: &dyn Fn(usize) -> f64| {
            let mut values = Aligned::zeros(row_count.next_multiple_of(PACK) + 2 * PACK);
            values.iter_mut().enumerate().take(row_count).for_each(|(row, value)| *value = of_row(row));
            values
        };
        Some(Self {
            gradient: std::array::from_fn(|number| {
                runs.expand_with(0.0, |row, _| gradient[ENTRIES * row + number])
            }),
            change: std::array::from_fn(|number| {
                runs.expand_shifted(number + 1, |row, _| change[ENTRIES * row + number])
            }),
            lower: by_row(&|row| lower[row]),
            inverse: by_row(&|row| system[row]),
            offset: by_row(&|row| parameters[2 * row]),
            rate: by_row(&|row| parameters[2 * row + 1]),
            multipliers: by_row(&|_| 0.0),
            runs,
            row_count,
        })
    }

    /// Takes from accelerations what the rows do not allow: a -= M^-1 G^T S^-1 G a.
    #[inline(always)]
    pub(crate) fn remove_normal<I: Instructions>(&mut self, acceleration: &mut [f64]) {
        self.gradient_product::<I>(acceleration);
        self.solve::<I::Single>();
        self.runs.sweep::<I::Pack>(&mut Reaction {
            carry: I::Pack::splat(0.0),
            change: self.change.each_ref().map(|entry| &entry[..]),
            multipliers: &self.multipliers,
            x: acceleration,
        });
    }

    /// Largest residual of the rows.
    #[inline(always)]
    pub(crate) fn residual<I: Instructions>(
        &mut self,
        position: &[f64],
        time: f64,
        largest: &mut LaneMaximum,
    ) {
        self.gradient_product::<I>(position);
        let mut worst = I::Pack::splat(0.0);
        for at in (0..self.row_count).step_by(PACK) {
            let wanted =
                I::Pack::load(&self.rate, at).mul_add(I::Pack::splat(time), I::Pack::load(&self.offset, at));
            worst = worst.max((I::Pack::load(&self.multipliers, at) - wanted).abs());
        }
        largest.include(worst);
    }

    /// multipliers = G x.
    #[inline(always)]
    fn gradient_product<I: Instructions>(&mut self, x: &[f64]) {
        self.multipliers.fill(0.0);
        self.runs.sweep::<I::Pack>(&mut Product {
            gradient: self.gradient.each_ref().map(|entry| &entry[..]),
            x,
            sum: &mut self.multipliers,
        });
    }

    /// Solves S x = multipliers in place: down with L, up with D and L^T.
    #[inline(always)]
    fn solve<V: Vector>(&mut self) {
        let (lower, inverse, x) = (&self.lower[..], &self.inverse[..], &mut self.multipliers[..]);
        let mut known = V::splat(0.0);
        for row in 0..self.row_count {
            let factor = if row == 0 { V::splat(0.0) } else { V::load(lower, row - 1) };
            known = (-factor).mul_add(known, V::load(x, row));
            known.store(x, row);
        }
        let mut known = V::splat(0.0);
        for row in (0..self.row_count).rev() {
            let scaled = V::load(x, row) * V::load(inverse, row);
            known = (-V::load(lower, row)).mul_add(known, scaled);
            known.store(x, row);
        }
    }
}

struct Product<'a> {
    gradient: [&'a [f64]; ENTRIES],
    x: &'a [f64],
    sum: &'a mut [f64],
}

impl<V: Vector> Kernel<V, 5> for Product<'_> {
    #[inline(always)]
    fn apply(&mut self, [row, a, b, c, d]: [usize; 5], item: usize) {
        let mut sum = V::load(self.sum, row);
        let places = [a, b, c, d];
        for entry in 0..ENTRIES {
            sum = V::load(self.gradient[entry], item).mul_add(V::load_across(self.x, places[entry]), sum);
        }
        sum.store(self.sum, row);
    }
}

struct Reaction<'a, V> {
    /// Multipliers of the pack before, the last of which act on the first coordinates of this one.
    carry: V,
    change: [&'a [f64]; ENTRIES],
    multipliers: &'a [f64],
    x: &'a mut [f64],
}

impl<V: Vector> Kernel<V, 5> for Reaction<'_, V> {
    #[inline(always)]
    fn apply(&mut self, [row, a, b, c, d]: [usize; 5], item: usize) {
        let multiplier = -V::load(self.multipliers, row);
        let places = [a, b, c, d];
        for entry in 0..ENTRIES {
            let shift = places[entry] % PACK;
            let acting = if shift > 0 { self.carry.across(multiplier, PACK - shift) } else { multiplier };
            let x = V::load(self.x, places[entry] - shift);
            acting.mul_add(V::load(self.change[entry], item), x).store(self.x, places[entry] - shift);
        }
        self.carry = multiplier;
    }
}
