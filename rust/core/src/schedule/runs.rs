//! Elements of one kind whose coordinates follow each other in memory form a run, which a kernel walks
//! through in packs, without gathers. An irregular element is a pack of its own: a value that is written alone and then
//! read with its neighbours would cost a processor more time than seven idle lanes.

use std::collections::HashMap;

use super::layout::Layout;
use crate::aligned::Aligned;
use crate::assembly::Coefficients;
use crate::vector::{PACK, Vector};

/// What is done for each pack of elements: `at` are the places of their coordinates, `item` that of their coefficients.
pub(crate) trait Kernel<V: Vector, const N: usize> {
    /// Computes the elements that start at these places, as many as `V` is wide.
    fn apply(&mut self, at: [usize; N], item: usize);
}

/// The elements of a table, which touch `N` coordinates each, as runs.
#[derive(Clone, Debug)]
pub(crate) struct Runs<const N: usize> {
    runs: Vec<Run<N>>,
    /// Item of the table and lane at each place of a coefficient array; None where packs are filled up.
    slots: Vec<Option<(usize, usize)>>,
}

#[derive(Clone, Debug)]
struct Run<const N: usize> {
    at: [usize; N],
    item: usize,
    packs: usize,
}

impl<const N: usize> Runs<N> {
    /// Orders the elements of a table, given the coordinates of each.
    pub(crate) fn new(coordinates: &[[usize; N]], layout: &Layout) -> Self {
        let places = coordinates.iter().map(|at| at.map(|coordinate| layout.offset[coordinate])).collect();
        Self::of_places(places, layout.lanes)
    }

    /// Starts packs where those of the state vectors do, for the first operand.
    pub(crate) fn aligned(self) -> Self {
        self.realigned(|_| 0)
    }

    /// For kernels that carry a value over from pack to pack: as `aligned`, and where packs start elsewhere for another
    /// operand, there is room for what is carried over at the end.
    pub(crate) fn with_carry(self) -> Self {
        self.realigned(|at| at.iter().map(|place| place % PACK).max().unwrap_or(0))
    }

    fn realigned(mut self, room: impl Fn(&[usize; N]) -> usize) -> Self {
        let slots = std::mem::take(&mut self.slots);
        for run in &mut self.runs {
            let filled = &slots[run.item..run.item + run.packs * PACK];
            let lead = run.at[0] % PACK;
            let lead = if run.at.iter().all(|&place| place >= lead) { lead } else { 0 };
            run.at = run.at.map(|place| place - lead);
            run.packs = (lead + filled.iter().flatten().count() + room(&run.at)).div_ceil(PACK);
            run.item = self.slots.len();
            self.slots.extend(std::iter::repeat_n(None, lead).chain(filled.iter().copied()));
            self.slots.resize(run.item + run.packs * PACK, None);
        }
        self
    }

    /// Places of the first element of each run, and item and lane of all.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ([usize; N], Vec<(usize, usize)>)> {
        self.runs.iter().map(|run| {
            let slots = &self.slots[run.item..run.item + run.packs * PACK];
            (run.at, slots.iter().flatten().copied().collect())
        })
    }

    /// Length of a coefficient array.
    pub(crate) fn length(&self) -> usize {
        self.slots.len()
    }

    /// Places of the coefficients, each with its item and lane.
    pub(crate) fn places(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let with_place =
            |(place, slot): (usize, &Option<(usize, usize)>)| slot.map(|(item, lane)| (place, item, lane));
        self.slots.iter().enumerate().filter_map(with_place)
    }

    /// Orders elements that are given by the places of their operands.
    pub(crate) fn of_places(places: Vec<[usize; N]>, lanes: usize) -> Self {
        let mut order: Vec<usize> = (0..places.len()).collect();
        let differences = |at: &[usize; N]| at.map(|place| place.wrapping_sub(at[0]));
        // Elements on the same coordinates take turns, so that they do not break each other's runs.
        let mut known = HashMap::new();
        let turns: Vec<usize> = places
            .iter()
            .map(|at| {
                let next = known.entry(*at).or_insert(0);
                std::mem::replace(next, *next + 1)
            })
            .collect();
        order.sort_by_key(|&item| (differences(&places[item]), turns[item], places[item][0]));
        let mut runs = Self { runs: Vec::new(), slots: Vec::new() };
        let mut first = 0;
        for next in 1..=order.len() {
            let goes_on = next < order.len()
                && places[order[next]] == places[order[next - 1]].map(|place| place + lanes);
            if !goes_on {
                runs.push(&order[first..next], places[order[first]], lanes);
                first = next;
            }
        }
        runs
    }

    fn push(&mut self, items: &[usize], at: [usize; N], lanes: usize) {
        let item = self.slots.len();
        self.slots.extend(items.iter().flat_map(|&item| (0..lanes).map(move |lane| Some((item, lane)))));
        self.slots.resize(self.slots.len().next_multiple_of(PACK), None);
        self.runs.push(Run { at, item, packs: (self.slots.len() - item) / PACK });
    }

    /// Coefficients of the elements in the order of the runs; `padding` where packs are filled up.
    pub(crate) fn expand(&self, table: &Coefficients, members: &[usize], padding: f64) -> Aligned {
        self.expand_with(padding, |item, lane| table.at(members[lane], item))
    }

    /// Like `expand`, with a function of item and lane.
    pub(crate) fn expand_with(&self, padding: f64, value: impl Fn(usize, usize) -> f64) -> Aligned {
        let mut expanded = Aligned::filled(self.slots.len(), padding);
        for (place, slot) in expanded.iter_mut().zip(&self.slots) {
            if let Some((item, lane)) = *slot {
                *place = value(item, lane);
            }
        }
        expanded
    }

    /// Like `expand_with`, but where an operand's packs start within those of the state vectors, its coefficients
    /// stand as the latter do.
    pub(crate) fn expand_shifted(&self, operand: usize, value: impl Fn(usize, usize) -> f64) -> Aligned {
        let mut expanded = Aligned::zeros(self.slots.len());
        for run in &self.runs {
            let slots = &self.slots[run.item..run.item + run.packs * PACK];
            for (number, slot) in slots.iter().enumerate() {
                if let Some((item, lane)) = *slot {
                    expanded[run.item + run.at[operand] % PACK + number] = value(item, lane);
                }
            }
        }
        expanded
    }

    /// Applies a kernel to all elements.
    #[inline(always)]
    pub(crate) fn sweep<V: Vector>(&self, kernel: &mut impl Kernel<V, N>) {
        for run in &self.runs {
            let (mut at, mut item) = (run.at, run.item);
            for _ in 0..run.packs {
                kernel.apply(at, item);
                for place in &mut at {
                    *place += PACK;
                }
                item += PACK;
            }
        }
    }
}
