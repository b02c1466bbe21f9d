//! What each coordinate feels, summed up in a register:
//! a = given - stiffness q - damping v - quadratic v abs(v) + what the torques of its springs do.

use std::collections::BTreeMap;

use super::springs::Pull;
use crate::aligned::Aligned;
use crate::assembly::{Assembly, Coefficients};
use crate::schedule::Layout;
use crate::schedule::layout::Occupant;
use crate::vector::{Instructions, PACK, Vector};

/// Coefficients of the coordinates, divided by M.
#[derive(Debug)]
pub(crate) struct Coordinates {
    stiffness: Aligned,
    damping: Aligned,
    quadratic: Aligned,
    packs: Vec<Pack>,
    /// Place of the torques of each term.
    torque: Vec<usize>,
    /// Accelerations by torques of 1, `[term][value]`.
    mobility: Aligned,
}

/// A pack of the state vector: its terms, and whether it has neither stiffness nor quadratic resistance.
#[derive(Clone, Copy, Debug)]
struct Pack {
    first: usize,
    end: usize,
    plain: bool,
}

/// What acts at one state and instant, ready to be collected by the coordinates. A value of slices: a loop over packs
/// that went through references to the owners would read all addresses again for each pack.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    stiffness: &'a [f64],
    damping: &'a [f64],
    quadratic: &'a [f64],
    packs: &'a [Pack],
    places: &'a [usize],
    mobility: &'a [f64],
    given: &'a [f64],
    torque: &'a [f64],
}

impl Coordinates {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize], pulls: &[Pull]) -> Self {
        let diagonal = |table: &Coefficients| {
            super::spread(layout, |occupant, lane| match occupant {
                Occupant::Coordinate(coordinate) => {
                    table.at(members[lane], coordinate) / assembly.mass.at(members[lane], coordinate)
                }
                _ => 0.0,
            })
        };
        let mut coordinates = Self {
            stiffness: diagonal(&assembly.stiffness),
            damping: diagonal(&assembly.damping),
            quadratic: quadratic(assembly, layout, members),
            packs: Vec::new(),
            torque: Vec::new(),
            mobility: Aligned::default(),
        };
        coordinates.collect(pulls, layout.length);
        coordinates
    }

    /// Sorts pulls by the pack that they act on. Those whose torques stand as their coordinates
    /// do become one term.
    fn collect(&mut self, pulls: &[Pull], length: usize) {
        let mut terms: BTreeMap<(usize, usize), [f64; PACK]> = BTreeMap::new();
        for &Pull { torque, coordinate, mobility } in pulls {
            let value = coordinate % PACK;
            // The front margin of the torques keeps this from falling below zero.
            let place = torque - value;
            terms.entry((coordinate / PACK, place)).or_default()[value] += mobility;
        }
        self.torque = terms.keys().map(|&(_, place)| place).collect();
        self.mobility = Aligned::from(&terms.values().flatten().copied().collect::<Vec<f64>>()[..]);
        let packs: Vec<usize> = terms.keys().map(|&(pack, _)| pack).collect();
        let any =
            |values: &[f64], pack: usize| values[pack * PACK..][..PACK].iter().any(|&value| value != 0.0);
        self.packs = (0..length / PACK)
            .map(|pack| Pack {
                first: packs.partition_point(|&other| other < pack),
                end: packs.partition_point(|&other| other <= pack),
                plain: !(any(&self.stiffness, pack) || any(&self.quadratic, pack)),
            })
            .collect();
    }

    /// What the coordinates feel, given the accelerations by other causes and the torques of the springs.
    #[inline(always)]
    pub(crate) fn field<'a>(&'a self, given: &'a [f64], torque: &'a [f64]) -> Field<'a> {
        let Self { stiffness, damping, quadratic, packs, torque: places, mobility } = self;
        Field { stiffness, damping, quadratic, packs, places, mobility, given, torque }
    }
}

impl Field<'_> {
    /// Accelerations of the pack at a place.
    #[inline(always)]
    pub(crate) fn acceleration<I: Instructions>(
        &self,
        at: usize,
        position: I::Pack,
        velocity: I::Pack,
    ) -> I::Pack {
        let pack = self.packs[at / PACK];
        let damping = -I::Pack::load(self.damping, at);
        let mut acceleration = damping.mul_add(velocity, I::Pack::load(self.given, at));
        if !pack.plain {
            acceleration = (-I::Pack::load(self.stiffness, at)).mul_add(position, acceleration);
            let quadratic = -I::Pack::load(self.quadratic, at);
            acceleration = (quadratic * velocity).mul_add(velocity.abs(), acceleration);
        }
        let mut term = pack.first * PACK;
        for &place in &self.places[pack.first..pack.end] {
            let torque = I::Pack::load_across(self.torque, place);
            acceleration = I::Pack::load(self.mobility, term).mul_add(torque, acceleration);
            term += PACK;
        }
        acceleration
    }

    /// Stiffness and damping of a pack of oscillators that nothing else acts on but forces known in advance.
    #[inline(always)]
    pub(crate) fn oscillator<I: Instructions>(&self, at: usize) -> (I::Pack, I::Pack) {
        (I::Pack::load(self.stiffness, at), I::Pack::load(self.damping, at))
    }
}

/// Quadratic resistance of `Load`, summed up by coordinate.
fn quadratic(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Aligned {
    let table = &assembly.quadratics;
    let mut quadratic = Aligned::zeros(layout.length);
    for (item, &coordinate) in table.index.iter().enumerate() {
        for (lane, &member) in members.iter().enumerate() {
            quadratic[layout.offset[coordinate] + lane] +=
                table.coefficient.at(member, item) / assembly.mass.at(member, coordinate);
        }
    }
    quadratic
}
