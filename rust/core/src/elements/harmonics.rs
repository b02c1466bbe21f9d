//! sin(angular_frequency t + phase) of all excitations and gusts, each distinct one computed once.
//!
//! A harmonic that all lanes share is computed for eight half steps at once and then handed out one by one.

use std::collections::HashMap;

use crate::aligned::Aligned;
use crate::assembly::Coefficients;
use crate::functions::sin_cos;
use crate::vector::{Instructions, PACK, Vector};

#[derive(Debug, Default)]
pub(crate) struct Harmonics {
    known: HashMap<Vec<[u64; 2]>, usize>,
    /// Angular frequency and phase of each lane.
    lanes: Vec<Vec<[f64; 2]>>,
}

impl Harmonics {
    /// Place of an item's harmonic among the values, which hold a pack for each.
    pub(crate) fn place(
        &mut self,
        angular_frequency: &Coefficients,
        phase: &Coefficients,
        item: usize,
        members: &[usize],
    ) -> usize {
        let of_member = |&member: &usize| [angular_frequency.at(member, item), phase.at(member, item)];
        let lanes: Vec<[f64; 2]> = members.iter().map(of_member).collect();
        let key = lanes.iter().map(|pair| pair.map(f64::to_bits)).collect();
        *self.known.entry(key).or_insert_with(|| {
            self.lanes.push(lanes);
            (self.lanes.len() - 1) * PACK
        })
    }

    /// Fixes the number of harmonics.
    pub(crate) fn finish(self, dt: f64) -> HarmonicValues {
        let is_shared = |lanes: &Vec<[f64; 2]>| lanes.iter().all(|pair| *pair == lanes[0]);
        let spread = |number: usize| -> Vec<f64> {
            let of_lane = |lanes: &Vec<[f64; 2]>| -> [f64; PACK] {
                std::array::from_fn(|lane| lanes[lane % lanes.len()][number])
            };
            self.lanes.iter().flat_map(of_lane).collect()
        };
        HarmonicValues {
            dt,
            shared: self.lanes.iter().map(is_shared).collect(),
            angular_frequency: Aligned::from(&spread(0)[..]),
            phase: Aligned::from(&spread(1)[..]),
            table: Aligned::zeros(self.lanes.len() * PACK),
            block: usize::MAX,
            number: 0,
            value: Aligned::zeros(self.lanes.len() * PACK),
        }
    }
}

/// The harmonics and their values at one time.
#[derive(Debug)]
pub(crate) struct HarmonicValues {
    dt: f64,
    /// Whether all lanes have the same harmonic.
    shared: Vec<bool>,
    angular_frequency: Aligned,
    phase: Aligned,
    /// Values of the shared harmonics at the half steps of a block.
    table: Aligned,
    block: usize,
    /// Number of the half step within its block.
    number: usize,
    /// Values of the harmonics that lanes have of their own.
    value: Aligned,
}

impl HarmonicValues {
    /// Evaluates the harmonics after a number of half steps.
    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(&mut self, half_steps: usize) {
        if half_steps / PACK != self.block {
            self.block = half_steps / PACK;
            self.evaluate_block::<I>();
        }
        self.number = half_steps % PACK;
        let time = I::Pack::splat(time(half_steps, self.dt));
        for harmonic in 0..self.shared.len() {
            if !self.shared[harmonic] {
                self.sines::<I>(harmonic * PACK, time).store(&mut self.value, harmonic * PACK);
            }
        }
    }

    /// Values of the harmonic at a place, for each lane.
    #[inline(always)]
    pub(crate) fn value<V: Vector>(&self, place: usize) -> V {
        if self.shared[place / PACK] {
            V::splat(self.table[place + self.number])
        } else {
            V::load(&self.value, place)
        }
    }

    #[inline(always)]
    fn evaluate_block<I: Instructions>(&mut self) {
        let mut times = [0.0; PACK];
        for number in 0..PACK {
            times[number] = time(self.block * PACK + number, self.dt);
        }
        for harmonic in 0..self.shared.len() {
            if self.shared[harmonic] {
                let sines = self.sines::<I>(harmonic * PACK, I::Pack::load(&times, 0));
                sines.store(&mut self.table, harmonic * PACK);
            }
        }
    }

    #[inline(always)]
    fn sines<I: Instructions>(&self, at: usize, time: I::Pack) -> I::Pack {
        let frequency = I::Pack::load(&self.angular_frequency, at);
        sin_cos(frequency.mul_add(time, I::Pack::load(&self.phase, at))).0
    }
}

/// Time after a number of half steps.
#[inline(always)]
fn time(half_steps: usize, dt: f64) -> f64 {
    let end = half_steps.div_ceil(2) as f64 * dt;
    if half_steps.is_multiple_of(2) { end } else { end - 0.5 * dt }
}
