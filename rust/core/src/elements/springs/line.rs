//! Springs from each coordinate of a row to the one `shift` places further on, as along a shaft with discs.
//!
//! A pack of coordinates is loaded once, though most of them are the ends of two springs, and gets the sum of both
//! torques.

use super::{Pull, Table};
use crate::aligned::Aligned;
use crate::elements::State;
use crate::vector::{PACK, Vector};

/// Packs of coefficients for each pack of coordinates: stiffness, damping and offset of the springs that start there,
/// ratio of the coordinates.
const RECORD: usize = 4 * PACK;
const STIFFNESS: usize = 0;
const DAMPING: usize = PACK;
const OFFSET: usize = 2 * PACK;
const RATIO: usize = 3 * PACK;

#[derive(Debug)]
pub(crate) struct Line {
    /// Place of the first pack of coordinates.
    first: usize,
    packs: usize,
    /// From 1 to [`PACK`].
    shift: usize,
    /// Place of the torques on the first pack.
    torque: usize,
    coefficients: Aligned,
}

impl Line {
    /// The line that a run of springs forms, if it is one, with its torques from a place on. `at` are the places of the
    /// first spring's ends.
    pub(super) fn new(
        table: &Table<'_>,
        at: [usize; 2],
        items: &[(usize, usize)],
        torque: usize,
    ) -> Option<(Self, Vec<Pull>)> {
        let shift = at[1] - at[0];
        // Without a coordinate that two of them share, nothing is gained.
        if shift == 0 || shift > PACK || shift >= items.len() {
            return None;
        }
        let lead = at[0] % PACK;
        let packs = (lead + items.len() + shift).div_ceil(PACK);
        let mut line = Self {
            first: at[0] - lead,
            packs,
            shift,
            torque,
            coefficients: Aligned::zeros((packs + 1) * RECORD),
        };
        let mut mobility = vec![None; packs * PACK];
        for (start, &(item, lane)) in (lead..).zip(items) {
            line.set(start, STIFFNESS, table.stiffness(item, lane));
            line.set(start, DAMPING, table.damping(item, lane));
            line.set(start, OFFSET, table.offset(item, lane));
            for (end, place) in [start, start + shift].into_iter().enumerate() {
                line.set(place, RATIO, table.ratio(item, lane, end));
                let known = mobility[place].replace(table.mobility(item, lane, end));
                // Both springs must see the coordinate with the same ratio.
                if known.is_some() && known != mobility[place] {
                    return None;
                }
            }
        }
        let first = line.first;
        let pull = |(place, mobility): (usize, Option<f64>)| {
            Some(Pull { torque: torque + place, coordinate: first + place, mobility: mobility? })
        };
        Some((line, mobility.into_iter().enumerate().filter_map(pull).collect()))
    }

    fn set(&mut self, place: usize, column: usize, value: f64) {
        self.coefficients[place / PACK * RECORD + column + place % PACK] = value;
    }

    /// Room for the torques.
    pub(super) fn length(&self) -> usize {
        self.packs * PACK
    }

    /// Computes the sum of the torques on each coordinate.
    #[inline(always)]
    pub(super) fn evaluate<V: Vector, const GEARED: bool>(&self, state: State<'_>, torque: &mut [f64]) {
        let Self { first, packs, shift, torque: place, .. } = *self;
        let coefficients = &self.coefficients[..];
        let (mut position, mut velocity) = state.load::<V>(first);
        if GEARED {
            let ratio = V::load(coefficients, RATIO);
            (position, velocity) = (position * ratio, velocity * ratio);
        }
        let mut before = V::splat(0.0);
        for pack in 0..packs {
            let (mut next_position, mut next_velocity) = state.load::<V>(first + (pack + 1) * PACK);
            let record = pack * RECORD;
            if GEARED {
                let ratio = V::load(coefficients, record + RECORD + RATIO);
                (next_position, next_velocity) = (next_position * ratio, next_velocity * ratio);
            }
            let twist = position - position.across(next_position, shift);
            let rate = velocity - velocity.across(next_velocity, shift);
            let resistance = rate * V::load(coefficients, record + DAMPING);
            let strain = twist - V::load(coefficients, record + OFFSET);
            let torques = strain.mul_add(V::load(coefficients, record + STIFFNESS), resistance);
            let sum = before.across(torques, PACK - shift) - torques;
            sum.store(torque, place + pack * PACK);
            (position, velocity, before) = (next_position, next_velocity, torques);
        }
    }
}
