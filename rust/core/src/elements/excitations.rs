//! `Excitation`: mean (a constant force) + amplitude sin(2 pi f t + phase), summed up by packs of the state vector.
//!
//! Coordinates side by side often share a harmonic, so each harmonic acts on a whole pack at once.

use std::collections::BTreeMap;

use super::harmonics::{HarmonicValues, Harmonics};
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::Layout;
use crate::vector::{Instructions, PACK, Vector};

#[derive(Debug)]
pub(crate) struct Excitations {
    packs: Vec<ExcitedPack>,
    /// Place of the values of each term's harmonic.
    harmonics: Vec<usize>,
    /// Divided by M, `[term][value]`.
    amplitude: Aligned,
}

/// A pack of the state vector and its last term; its first follows those of the pack before.
#[derive(Debug)]
struct ExcitedPack {
    at: usize,
    end: usize,
}

impl Excitations {
    /// `also` are places that need the constant forces without being excited.
    pub(crate) fn new(
        assembly: &Assembly,
        layout: &Layout,
        members: &[usize],
        harmonics: &mut Harmonics,
        also: impl Iterator<Item = usize>,
    ) -> Self {
        let table = &assembly.excitations;
        let mut packs: BTreeMap<usize, BTreeMap<usize, [f64; PACK]>> = BTreeMap::new();
        for place in also {
            packs.entry(place / PACK).or_default();
        }
        for (item, &coordinate) in table.index.iter().enumerate() {
            let harmonic = harmonics.place(&table.angular_frequency, &table.phase, item, members);
            for (lane, &member) in members.iter().enumerate() {
                let place = layout.offset[coordinate] + lane;
                let terms = packs.entry(place / PACK).or_default();
                let amplitude = table.amplitude.at(member, item) / assembly.mass.at(member, coordinate);
                terms.entry(harmonic).or_default()[place % PACK] += amplitude;
            }
        }
        Self::of_packs(packs)
    }

    fn of_packs(packs: BTreeMap<usize, BTreeMap<usize, [f64; PACK]>>) -> Self {
        let (mut excited, mut harmonics, mut amplitudes) = (Vec::new(), Vec::new(), Vec::new());
        for (pack, terms) in packs {
            harmonics.extend(terms.keys());
            amplitudes.extend(terms.into_values().flatten());
            excited.push(ExcitedPack { at: pack * PACK, end: harmonics.len() });
        }
        Self { packs: excited, harmonics, amplitude: Aligned::from(&amplitudes[..]) }
    }

    /// True if there is anything to evaluate.
    pub(crate) fn any(&self) -> bool {
        !self.packs.is_empty()
    }

    /// acceleration = constant + sum amplitude sin(...), where anything varies.
    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(
        &self,
        constant: &[f64],
        harmonics: &HarmonicValues,
        acceleration: &mut [f64],
    ) {
        let mut term = 0;
        for pack in &self.packs {
            let mut sum = I::Pack::load(constant, pack.at);
            while term < pack.end {
                let value = harmonics.value(self.harmonics[term]);
                sum = I::Pack::load(&self.amplitude, term * PACK).mul_add(value, sum);
                term += 1;
            }
            sum.store(acceleration, pack.at);
        }
    }
}
