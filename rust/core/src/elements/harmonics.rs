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
        let (shared, own) = (0..self.lanes.len()).partition(|&number| is_shared(&self.lanes[number]));
        let places = |numbers: Vec<usize>| numbers.into_iter().map(|number| number * PACK).collect();
        let (shared, own) = (places(shared), places(own));
        HarmonicValues {
            dt,
            shared,
            own,
            angular_frequency: Aligned::from(&spread(0)[..]),
            phase: Aligned::from(&spread(1)[..]),
            table: Aligned::zeros(self.lanes.len() * PACK),
            block: usize::MAX,
        }
    }
}

/// Evaluates the harmonics.
#[derive(Debug)]
pub(crate) struct HarmonicValues {
    dt: f64,
    /// Places of the harmonics that all lanes share, and of those that each has of its own.
    shared: Vec<usize>,
    own: Vec<usize>,
    angular_frequency: Aligned,
    phase: Aligned,
    /// Values of the shared harmonics at the half steps of a block, which ends with a multiple of [`PACK`].
    table: Aligned,
    block: usize,
}

impl HarmonicValues {
    /// A pack for each harmonic.
    pub(crate) fn values(&self) -> Aligned {
        Aligned::zeros(self.table.len())
    }

    /// Evaluates the shared harmonics of the block that a number of half steps falls into.
    #[inline(always)]
    pub(crate) fn prepare<I: Instructions>(&mut self, half_steps: usize) {
        let block = half_steps.div_ceil(PACK);
        if block != self.block {
            self.block = block;
            self.evaluate_block::<I>(block);
        }
    }

    #[inline(never)]
    fn evaluate_block<I: Instructions>(&mut self, block: usize) {
        // The block that ends at the start has one half step only.
        let half_steps = |number: usize| (block * PACK + number + 1).saturating_sub(PACK);
        let times: [f64; PACK] = std::array::from_fn(|number| time(half_steps(number), self.dt));
        I::vectorize(
            #[inline(always)]
            || {
                let times = I::Pack::load(&times, 0);
                for number in 0..self.shared.len() {
                    let at = self.shared[number];
                    self.sines::<I>(at, times).store(&mut self.table, at);
                }
            },
        );
    }

    /// Evaluates the harmonics after a number of half steps in the block that was prepared, for each lane.
    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(&self, half_steps: usize, values: &mut [f64]) {
        let number = half_steps.wrapping_sub(1) % PACK;
        let table = &self.table[..];
        for &at in &self.shared {
            I::Pack::splat(table[at + number]).store(values, at);
        }
        if !self.own.is_empty() {
            let time = I::Pack::splat(time(half_steps, self.dt));
            for &at in &self.own {
                self.sines::<I>(at, time).store(values, at);
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
