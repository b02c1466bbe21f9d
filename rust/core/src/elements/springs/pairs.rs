//! Springs between coordinates that are not neighbours.

use super::{Pull, Table};
use crate::aligned::Aligned;
use crate::elements::State;
use crate::schedule::{Kernel, Layout, Runs};
use crate::vector::{PACK, Vector};

/// Packs of coefficients for each pack of springs: stiffness, damping, offset, ratios of the ends.
const RECORD: usize = 5;

#[derive(Debug)]
pub(crate) struct Pairs {
    runs: Runs<2>,
    coefficients: Aligned,
    /// Place of the first torque.
    torque: usize,
}

impl Pairs {
    /// The springs with these numbers, with their torques from a place on.
    pub(super) fn new(
        table: &Table<'_>,
        layout: &Layout,
        numbers: &[usize],
        torque: usize,
    ) -> (Self, Vec<Pull>) {
        let ends: Vec<[usize; 2]> = numbers.iter().map(|&item| table.ends[item]).collect();
        let runs = Runs::new(&ends, layout).aligned();
        let mut coefficients = Aligned::zeros(runs.length() * RECORD);
        let mut pulls = Vec::new();
        for (place, item, lane) in runs.places() {
            let item = numbers[item];
            let values = [
                table.stiffness(item, lane),
                table.damping(item, lane),
                table.offset(item, lane),
                table.ratio(item, lane, 0),
                table.ratio(item, lane, 1),
            ];
            for (column, value) in values.into_iter().enumerate() {
                coefficients[(place / PACK * RECORD + column) * PACK + place % PACK] = value;
            }
            pulls.extend([(0, -1.0), (1, 1.0)].map(|(end, sign)| Pull {
                torque: torque + place,
                coordinate: layout.offset[table.ends[item][end]] + lane,
                mobility: sign * table.mobility(item, lane, end),
            }));
        }
        (Self { runs, coefficients, torque }, pulls)
    }

    /// Room for the torques.
    pub(super) fn length(&self) -> usize {
        self.runs.length()
    }

    /// Computes the torques.
    #[inline(always)]
    pub(super) fn evaluate<V: Vector, const GEARED: bool>(&self, state: State<'_>, torque: &mut [f64]) {
        let Self { runs, coefficients, torque: first } = self;
        runs.sweep::<V>(&mut Torque::<GEARED> { coefficients, first: *first, state, torque });
    }
}

struct Torque<'a, const GEARED: bool> {
    coefficients: &'a [f64],
    first: usize,
    state: State<'a>,
    torque: &'a mut [f64],
}

impl<V: Vector, const GEARED: bool> Kernel<V, 2> for Torque<'_, GEARED> {
    #[inline(always)]
    fn apply(&mut self, [a, b]: [usize; 2], item: usize) {
        let State { position, velocity } = self.state;
        let record = item * RECORD;
        let column = |number: usize| V::load(self.coefficients, record + number * PACK);
        let (mut twist, mut rate) = (V::load_across(position, b), V::load_across(velocity, b));
        if GEARED {
            let (ratio_a, ratio_b) = (column(3), column(4));
            twist = V::load(position, a) * ratio_a - twist * ratio_b;
            rate = V::load(velocity, a) * ratio_a - rate * ratio_b;
        } else {
            twist = V::load(position, a) - twist;
            rate = V::load(velocity, a) - rate;
        }
        let torque = (twist - column(2)).mul_add(column(0), rate * column(1));
        torque.store(self.torque, self.first + item);
    }
}
