//! sin(angular_frequency t + phase) of all excitations and gusts, each distinct one computed once.

use std::collections::HashMap;

use crate::aligned::Aligned;
use crate::assembly::Coefficients;
use crate::functions::sin_cos;
use crate::vector::{Instructions, PACK, Vector};

#[derive(Debug, Default)]
pub(crate) struct Harmonics {
    known: HashMap<Vec<[u64; 2]>, usize>,
    angular_frequency: Vec<f64>,
    phase: Vec<f64>,
}

impl Harmonics {
    /// Place of an item's harmonic among the values.
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
            self.angular_frequency.extend(lanes.iter().map(|pair| pair[0]));
            self.phase.extend(lanes.iter().map(|pair| pair[1]));
            self.phase.len() - lanes.len()
        })
    }

    /// Fixes the number of harmonics.
    pub(crate) fn finish(self) -> HarmonicValues {
        // Runs that are filled up may read a pack from the last place on.
        let length = self.phase.len().next_multiple_of(PACK) + PACK;
        let padded = |mut values: Vec<f64>| {
            values.resize(length, 0.0);
            Aligned::from(&values[..])
        };
        HarmonicValues {
            count: self.phase.len().next_multiple_of(PACK),
            angular_frequency: padded(self.angular_frequency),
            phase: padded(self.phase),
            value: Aligned::zeros(length),
        }
    }
}

/// The harmonics and their values at one time.
#[derive(Debug)]
pub(crate) struct HarmonicValues {
    count: usize,
    angular_frequency: Aligned,
    phase: Aligned,
    /// sin(angular_frequency t + phase).
    pub(crate) value: Aligned,
}

impl HarmonicValues {
    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(&mut self, time: f64) {
        for at in (0..self.count).step_by(PACK) {
            let frequency = I::Pack::load(&self.angular_frequency, at);
            let angle = frequency.mul_add(I::Pack::splat(time), I::Pack::load(&self.phase, at));
            sin_cos(angle).0.store(&mut self.value, at);
        }
    }
}
