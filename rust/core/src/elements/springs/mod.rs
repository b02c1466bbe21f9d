//! `ElasticShaft`: T = k (q_a - q_b - offset) + c (v_a - v_b); -T on a, +T on b.
//!
//! The torques of all springs are computed first; each coordinate then collects those that act on it
//! ([`super::coordinates`]). Springs that connect coordinates to their neighbours form lines ([`line`]); the others are
//! pairs ([`pairs`]).

mod line;
mod pairs;

use line::Line;
use pairs::Pairs;

use super::State;
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::layout::MARGIN;
use crate::schedule::{Layout, Runs};
use crate::vector::{Instructions, PACK};

#[derive(Debug)]
pub(crate) struct Springs {
    lines: Vec<Line>,
    pairs: Pairs,
    geared: bool,
    /// What the springs of a line exert on each coordinate, then the torque of each other spring.
    pub(crate) torque: Aligned,
}

/// A torque that acts on a coordinate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pull {
    /// Place of the torque, and of the coordinate.
    pub(crate) torque: usize,
    pub(crate) coordinate: usize,
    /// Acceleration by a torque of 1.
    pub(crate) mobility: f64,
}

/// Coefficients of the springs of an assembly, for the members of one batch of lanes.
struct Table<'a> {
    assembly: &'a Assembly,
    members: &'a [usize],
    /// Coordinates of each spring, in the order of their places.
    ends: Vec<[usize; 2]>,
    /// Whether that order is not the given one.
    swapped: Vec<bool>,
}

impl Table<'_> {
    fn stiffness(&self, item: usize, lane: usize) -> f64 {
        self.assembly.springs.stiffness.at(self.members[lane], item)
    }

    fn damping(&self, item: usize, lane: usize) -> f64 {
        self.assembly.springs.damping.at(self.members[lane], item)
    }

    fn offset(&self, item: usize, lane: usize) -> f64 {
        let offset = self.assembly.springs.offset.at(self.members[lane], item);
        if self.swapped[item] { -offset } else { offset }
    }

    fn ratio(&self, item: usize, lane: usize, end: usize) -> f64 {
        let end = if self.swapped[item] { 1 - end } else { end };
        self.assembly.springs.ratio.as_ref().map_or(1.0, |ratio| ratio[end].at(self.members[lane], item))
    }

    /// Acceleration of an end by a torque of 1 on it.
    fn mobility(&self, item: usize, lane: usize, end: usize) -> f64 {
        self.ratio(item, lane, end) / self.assembly.mass.at(self.members[lane], self.ends[item][end])
    }
}

impl Springs {
    /// The springs, and what they pull at.
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> (Self, Vec<Pull>) {
        let springs = &assembly.springs;
        let given = springs.index_a.iter().zip(&springs.index_b);
        let swapped: Vec<bool> = given.clone().map(|(&a, &b)| layout.offset[a] > layout.offset[b]).collect();
        let ends = given.zip(&swapped).map(|((&a, &b), &swap)| if swap { [b, a] } else { [a, b] }).collect();
        let table = Table { assembly, members, ends, swapped };
        let (mut lines, mut pulls, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let mut length = PACK;
        for (at, items) in Runs::new(&table.ends, layout).iter() {
            match Line::new(&table, at, &items, length) {
                Some((line, line_pulls)) => {
                    length += line.length();
                    lines.push(line);
                    pulls.extend(line_pulls);
                }
                None => rest.extend(items.into_iter().filter(|&(_, lane)| lane == 0).map(|(item, _)| item)),
            }
        }
        let (pairs, pair_pulls) = Pairs::new(&table, layout, &rest, length);
        pulls.extend(pair_pulls);
        let torque = Aligned::zeros(length + pairs.length() + MARGIN);
        (Self { lines, pairs, geared: springs.ratio.is_some(), torque }, pulls)
    }

    /// Computes the torques.
    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(&mut self, state: State<'_>) {
        if self.geared {
            self.sweep::<I, true>(state);
        } else {
            self.sweep::<I, false>(state);
        }
    }

    #[inline(always)]
    fn sweep<I: Instructions, const GEARED: bool>(&mut self, state: State<'_>) {
        let Self { lines, pairs, torque, .. } = self;
        for line in lines {
            line.evaluate::<I::Pack, GEARED>(state, torque);
        }
        pairs.evaluate::<I::Pack, GEARED>(state, torque);
    }
}
