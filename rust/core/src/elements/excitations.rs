//! `Excitation`: mean (a constant force) + amplitude sin(2 pi f t + phase), summed up by packs of the state vector.
//!
//! Coordinates side by side often share a harmonic, so each harmonic acts on a whole pack at once.

use std::collections::BTreeMap;
use std::ops::Range;

use super::harmonics::Harmonics;
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::Layout;
use crate::vector::{Instructions, PACK, Vector};

#[derive(Debug)]
pub(crate) struct Excitations {
    /// Places of the packs where something varies.
    excited: Vec<usize>,
    /// Terms of each pack of the state vector.
    terms: Vec<Range<usize>>,
    /// Place of the values of each term's harmonic.
    harmonics: Vec<usize>,
    /// Divided by M, `[term][value]`.
    amplitude: Aligned,
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
        Self::of_packs(packs, layout.length)
    }

    fn of_packs(packs: BTreeMap<usize, BTreeMap<usize, [f64; PACK]>>, length: usize) -> Self {
        let excited = packs.keys().map(|pack| pack * PACK).collect();
        let (mut harmonics, mut amplitudes) = (Vec::new(), Vec::new());
        let mut terms = vec![0..0; length / PACK];
        for (pack, of_pack) in packs {
            let first = harmonics.len();
            harmonics.extend(of_pack.keys());
            amplitudes.extend(of_pack.into_values().flatten());
            terms[pack] = first..harmonics.len();
        }
        Self { excited, terms, harmonics, amplitude: Aligned::from(&amplitudes[..]) }
    }

    /// True if there is anything to evaluate.
    pub(crate) fn any(&self) -> bool {
        !self.excited.is_empty()
    }

    /// Leaves out the packs from a place on: [`Excited::sums`] is called for them where they are needed.
    pub(crate) fn leave_out(&mut self, first: usize) {
        self.excited.retain(|&at| at < first);
    }

    /// The excitations beside the constant forces.
    #[inline(always)]
    pub(crate) fn given<'a>(&'a self, constant: &'a [f64]) -> Excited<'a> {
        let Self { excited, terms, harmonics, amplitude } = self;
        Excited { excited, terms, harmonics, amplitude, constant }
    }
}

/// Slices of [`Excitations`], so that loops over packs keep their addresses in registers.
#[derive(Clone, Copy)]
pub(crate) struct Excited<'a> {
    excited: &'a [usize],
    terms: &'a [Range<usize>],
    harmonics: &'a [usize],
    amplitude: &'a [f64],
    constant: &'a [f64],
}

impl Excited<'_> {
    /// acceleration = constant + sum amplitude sin(...), where anything varies.
    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(&self, harmonics: &[f64], acceleration: &mut [f64]) {
        for excited in 0..self.excited.len() {
            let at = self.excited[excited];
            let [sum] = self.sums::<I, 1>(at, [harmonics]);
            sum.store(acceleration, at);
        }
    }

    /// constant + sum amplitude sin(...) of a pack, at several instants.
    #[inline(always)]
    pub(crate) fn sums<I: Instructions, const N: usize>(
        &self,
        at: usize,
        harmonics: [&[f64]; N],
    ) -> [I::Pack; N] {
        let Range { start, end } = self.terms[at / PACK];
        let mut sums = [I::Pack::load(self.constant, at); N];
        for term in start..end {
            let amplitude = I::Pack::load(self.amplitude, term * PACK);
            for instant in 0..N {
                let value = I::Pack::load(harmonics[instant], self.harmonics[term]);
                sums[instant] = amplitude.mul_add(value, sums[instant]);
            }
        }
        sums
    }
}
