//! Where each coordinate of each ensemble lane stands in the flat state vectors.
//!
//! Coordinate-major with the lanes innermost: coordinate `i` of lane `l` stands at `offset[i] + l`. Within a
//! class of clusters, the same local coordinate of all clusters follows each other, so eight modules of a
//! single simulation fill a [`crate::vector::Pack`] just as eight members of an ensemble do.

use std::collections::BTreeMap;

use super::clusters::Class;
use crate::assembly::Assembly;
use crate::vector::PACK;

/// Room behind the places in use, for the packs of a run that is filled up: its last one may start a pack after its
/// last element, and be read in two halves.
pub(crate) const MARGIN: usize = 3 * PACK;

/// Places of the coordinates in the state vectors.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Members side by side: 1 or [`PACK`].
    pub(crate) lanes: usize,
    /// Place of each coordinate's first lane.
    pub(crate) offset: Vec<usize>,
    /// Length of the part of a state vector whose coordinates obey rows, in whole packs.
    pub(crate) constrained_length: usize,
    /// Length of the part of a state vector whose coordinates depend on each other. Beyond it stand oscillators that
    /// only springs to the ground and forces known in advance act on.
    pub(crate) coupled_length: usize,
    /// Length of the part of a state vector that is in use, a multiple of [`PACK`].
    pub(crate) length: usize,
    /// Coordinate that each place holds, or (for padding of a class) imitates.
    pub(crate) occupant: Vec<Occupant>,
}

/// What stands at a place of a state vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Occupant {
    /// A coordinate of a lane.
    Coordinate(usize),
    /// A copy of a coordinate, at rest and without forces, that fills up the packs of its class.
    Ghost(usize),
    /// Nothing.
    Empty,
}

impl Layout {
    /// Lays out the coordinates of an assembly for `lanes` members side by side; those that follow a `leader`
    /// stand where it stands.
    pub(crate) fn new(assembly: &Assembly, classes: &[Class], leader: &[usize], lanes: usize) -> Self {
        let mut layout = Self {
            lanes,
            offset: vec![usize::MAX; assembly.coordinate_count()],
            constrained_length: 0,
            coupled_length: 0,
            length: 0,
            occupant: Vec::new(),
        };
        for class in classes {
            layout.place_class(class);
        }
        layout.align();
        layout.constrained_length = layout.occupant.len();
        let groups = free_groups(assembly, &layout.offset, leader);
        let (alone, coupled): (Vec<_>, Vec<_>) =
            groups.iter().partition(|(signature, _)| signature.elements == 0);
        layout.place_groups(coupled);
        layout.coupled_length = layout.occupant.len();
        layout.place_groups(alone);
        for (coordinate, &leader) in leader.iter().enumerate() {
            layout.offset[coordinate] = layout.offset[leader];
        }
        layout.length = layout.occupant.len();
        layout
    }

    /// True if a class is computed in packs: a lone cluster of a single simulation is not.
    pub(crate) fn is_packed(&self, class: &Class) -> bool {
        class.clusters.len() * self.lanes > 1
    }

    fn place_class(&mut self, class: &Class) {
        let packed = self.is_packed(class);
        for local in 0..class.shape.coordinate_count {
            if packed {
                self.align();
            }
            class.clusters.iter().for_each(|cluster| self.place(cluster.coordinates[local]));
            if packed && let Some(last) = class.clusters.last() {
                let filled = self.occupant.len().next_multiple_of(PACK);
                self.occupant.resize(filled, Occupant::Ghost(last.coordinates[local]));
            }
        }
    }

    fn place_groups(&mut self, groups: Vec<(&Signature, &Vec<usize>)>) {
        self.align();
        for (_, group) in groups {
            group.iter().for_each(|&coordinate| self.place(coordinate));
            self.align();
        }
    }

    fn place(&mut self, coordinate: usize) {
        self.offset[coordinate] = self.occupant.len();
        self.occupant.extend(std::iter::repeat_n(Occupant::Coordinate(coordinate), self.lanes));
    }

    fn align(&mut self) {
        self.occupant.resize(self.occupant.len().next_multiple_of(PACK), Occupant::Empty);
    }
}

/// What coordinates in no constraint have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Signature {
    /// Marks of the elements that act on it, other than forces known in advance.
    elements: u32,
    axial: bool,
}

/// Coordinates in no constraint, grouped by the elements that act on them, so that runs stay long.
fn free_groups(assembly: &Assembly, offset: &[usize], leader: &[usize]) -> BTreeMap<Signature, Vec<usize>> {
    let mut elements = vec![0_u32; offset.len()];
    let meshed: Vec<usize> = assembly.meshes.index.iter().flatten().copied().collect();
    let tables: [&[usize]; 7] = [
        &assembly.springs.index_a,
        &assembly.springs.index_b,
        &assembly.frictions.index,
        &assembly.sails.index,
        &assembly.quadratics.index,
        &assembly.unbalances.index,
        &meshed,
    ];
    // Both ends of a spring leave the same mark, and a sail too: those of a row of discs are like the others.
    for (table, mark) in tables.iter().zip([1, 1, 2, 1, 4, 8, 16]) {
        table.iter().for_each(|&coordinate| elements[coordinate] |= mark);
    }
    let mut groups: BTreeMap<Signature, Vec<usize>> = BTreeMap::new();
    let is_free = |&coordinate: &usize| offset[coordinate] == usize::MAX && leader[coordinate] == coordinate;
    for coordinate in (0..offset.len()).filter(is_free) {
        let signature = Signature { elements: elements[coordinate], axial: coordinate % 2 == 1 };
        groups.entry(signature).or_default().push(coordinate);
    }
    groups
}
