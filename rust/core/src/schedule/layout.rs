//! Where each coordinate of each ensemble lane stands in the flat state vectors.
//!
//! Coordinate-major with the lanes innermost: coordinate `i` of lane `l` stands at `offset[i] + l`. Within a
//! class of clusters, the same local coordinate of all clusters follows each other, so eight modules of a
//! single simulation fill a [`crate::vector::Pack`] just as eight members of an ensemble do.

use std::collections::BTreeMap;

use super::clusters::Class;
use crate::assembly::Assembly;
use crate::vector::PACK;

/// Places of the coordinates in the state vectors.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Members side by side: 1 or [`PACK`].
    pub(crate) lanes: usize,
    /// Place of each coordinate's first lane.
    pub(crate) offset: Vec<usize>,
    /// Length of a state vector, a multiple of [`PACK`] with room for packs that start anywhere.
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
            length: 0,
            occupant: Vec::new(),
        };
        for class in classes {
            layout.place_class(class);
        }
        for group in free_groups(assembly, &layout.offset, leader).values() {
            layout.align();
            group.iter().for_each(|&coordinate| layout.place(coordinate));
        }
        for (coordinate, &leader) in leader.iter().enumerate() {
            layout.offset[coordinate] = layout.offset[leader];
        }
        layout.align();
        layout.occupant.extend([Occupant::Empty; PACK]);
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

    fn place(&mut self, coordinate: usize) {
        self.offset[coordinate] = self.occupant.len();
        self.occupant.extend(std::iter::repeat_n(Occupant::Coordinate(coordinate), self.lanes));
    }

    fn align(&mut self) {
        self.occupant.resize(self.occupant.len().next_multiple_of(PACK), Occupant::Empty);
    }
}

/// Coordinates in no constraint, grouped by the elements that act on them, so that runs stay long.
fn free_groups(assembly: &Assembly, offset: &[usize], leader: &[usize]) -> BTreeMap<u32, Vec<usize>> {
    let mut signature = vec![0_u32; offset.len()];
    let meshed: Vec<usize> = assembly.meshes.index.iter().flatten().copied().collect();
    let tables: [&[usize]; 7] = [
        &assembly.springs.index_a,
        &assembly.springs.index_b,
        &assembly.frictions.index,
        &assembly.quadratics.index,
        &assembly.excitations.index,
        &assembly.unbalances.index,
        &meshed,
    ];
    // Both ends of a spring leave the same mark: the first and the last of a row of discs are like the others.
    for (table, mark) in tables.iter().zip([1, 1, 2, 4, 8, 16, 32]) {
        table.iter().for_each(|&coordinate| signature[coordinate] |= mark);
    }
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let is_free = |&coordinate: &usize| offset[coordinate] == usize::MAX && leader[coordinate] == coordinate;
    for coordinate in (0..offset.len()).filter(is_free) {
        groups.entry(2 * signature[coordinate] + (coordinate % 2) as u32).or_default().push(coordinate);
    }
    groups
}
