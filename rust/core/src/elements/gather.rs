//! How forces add up to accelerations.
//!
//! Elements write their forces side by side; each pack of the state vector then collects what acts on it. Nothing is
//! added to in memory, so packs that overlap do not wait for each other.

use std::collections::BTreeMap;

use crate::aligned::Aligned;
use crate::schedule::{Kernel, Runs};
use crate::vector::{Instructions, PACK, Vector};

use super::State;

/// A law of force.
pub(crate) trait Law<const N: usize> {
    /// Forces of the elements whose coordinates start at these places, as many as `V` is wide; `item` is the place of
    /// their coefficients.
    fn force<V: Vector>(&self, state: State<'_>, at: [usize; N], item: usize) -> V;
}

/// The elements of one kind, and where their forces go.
#[derive(Debug)]
pub(crate) struct Forces<L, const N: usize> {
    law: L,
    runs: Runs<N>,
    first: usize,
}

impl<L: Law<N>, const N: usize> Forces<L, N> {
    /// `weight(end, item, lane)` is the acceleration that one unit of an element's force gives to the coordinate at
    /// its end.
    pub(crate) fn new(
        law: L,
        runs: Runs<N>,
        collection: &mut Collection,
        weight: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        let first = collection.reserve(runs.slot_count());
        runs.visit(|slot, item, lane, at| {
            for (end, place) in at.into_iter().enumerate() {
                collection.add(first + slot, place, weight(end, item, lane));
            }
        });
        Self { law, runs, first }
    }

    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(&self, state: State<'_>, forces: &mut [f64]) {
        let mut exertion = Exertion { law: &self.law, state, first: self.first, forces };
        self.runs.sweep::<I::Pack>(&mut exertion);
    }
}

struct Exertion<'a, L> {
    law: &'a L,
    state: State<'a>,
    first: usize,
    forces: &'a mut [f64],
}

impl<L: Law<N>, const N: usize> Kernel<N> for Exertion<'_, L> {
    #[inline(always)]
    fn apply(&mut self, at: [usize; N], item: usize) {
        self.law.force::<V>(self.state, at, item).store(self.forces, self.first + item);
    }
}

/// Forces and what they act on, while an assembly's elements are being put together.
#[derive(Debug)]
pub(crate) struct Collection {
    length: usize,
    /// Weights by pack of the state vector and by the place of the force that acts on its first value.
    terms: BTreeMap<(usize, usize), [f64; PACK]>,
}

impl Collection {
    pub(crate) fn new() -> Self {
        // A pack of forces that acts on the end of a pack of the state starts before the first force.
        Self { length: PACK, terms: BTreeMap::new() }
    }

    fn reserve(&mut self, count: usize) -> usize {
        let first = self.length;
        self.length += count.next_multiple_of(PACK) + PACK;
        first
    }

    fn add(&mut self, force: usize, place: usize, weight: f64) {
        let within = place % PACK;
        self.terms.entry((place / PACK, force - within)).or_default()[within] += weight;
    }

    /// Fixes what acts on each pack of a state vector.
    pub(crate) fn finish(self, state_length: usize) -> Gather {
        let packs = state_length / PACK;
        let mut gather = Gather {
            first: vec![0; packs + 1],
            place: self.terms.keys().map(|&(_, place)| place).collect(),
            weight: Aligned::from(&self.terms.values().flatten().copied().collect::<Vec<f64>>()[..]),
            forces: Aligned::zeros(self.length),
        };
        for &(pack, _) in self.terms.keys() {
            gather.first[pack + 1] += 1;
        }
        for pack in 0..packs {
            gather.first[pack + 1] += gather.first[pack];
        }
        gather
    }
}

/// The forces, and which of them act on each pack of the state vector.
#[derive(Debug)]
pub(crate) struct Gather {
    /// First term of each pack, and the number of terms.
    first: Vec<usize>,
    /// Place of the first force of each term.
    place: Vec<usize>,
    /// Acceleration by a unit of force, `[term][value]`.
    weight: Aligned,
    pub(crate) forces: Aligned,
}

impl Gather {
    /// Adds the accelerations of the pack at a place.
    #[inline(always)]
    pub(crate) fn add<I: Instructions>(&self, at: usize, mut sum: I::Pack) -> I::Pack {
        for term in self.first[at / PACK]..self.first[at / PACK + 1] {
            let force = I::Pack::load_across(&self.forces, self.place[term]);
            sum = I::Pack::load(&self.weight, term * PACK).mul_add(force, sum);
        }
        sum
    }
}
