//! Products with a row of G, written out: a row has two entries, or four.

use crate::vector::Vector;

/// Room for the entries of a row: those that are missing are zeros at the place of the last one.
pub(crate) const ENTRIES: usize = 4;

/// Where the coordinates of a row stand in the state vectors, in the first column of its class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowPlaces {
    places: [usize; ENTRIES],
    /// Whether there are more than two.
    wide: bool,
}

impl RowPlaces {
    /// The places of a row with so many entries.
    pub(crate) fn new(places: [usize; ENTRIES], entry_count: usize) -> Self {
        Self { places, wide: entry_count > 2 }
    }

    /// Places of the first two coordinates.
    #[inline(always)]
    pub(crate) fn ends(&self, shift: usize) -> [usize; 2] {
        [self.places[0] + shift, self.places[1] + shift]
    }

    /// G x of a row whose entries start at `first`, in the column `shift` further on.
    #[inline(always)]
    pub(crate) fn product<V: Vector>(&self, gradient: &[f64], first: usize, x: &[f64], shift: usize) -> V {
        let entry = |number: usize| V::load(gradient, first + number * V::WIDTH);
        let x = |number: usize| V::load(x, self.places[number] + shift);
        let sum = entry(1).mul_add(x(1), entry(0) * x(0));
        if !self.wide {
            return sum;
        }
        entry(3).mul_add(x(3), entry(2).mul_add(x(2), sum))
    }

    /// x += `multiplier` M^-1 G^T, of a row whose entries of G M^-1 start at `first`.
    #[inline(always)]
    pub(crate) fn apply<V: Vector>(
        &self,
        multiplier: V,
        change: &[f64],
        first: usize,
        x: &mut [f64],
        shift: usize,
    ) {
        let mut move_on = |number: usize| {
            let (at, change) = (self.places[number] + shift, V::load(change, first + number * V::WIDTH));
            multiplier.mul_add(change, V::load(x, at)).store(x, at);
        };
        move_on(0);
        move_on(1);
        if self.wide {
            move_on(2);
            move_on(3);
        }
    }
}
