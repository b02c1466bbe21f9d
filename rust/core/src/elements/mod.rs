//! Forces of the elements, one file for each family.
//!
//! Coefficients are divided by the mass M of the coordinate that they act on, so that sums of forces are
//! accelerations and need no further pass.

mod coordinates;
mod excitations;
mod forcing;
mod frictions;
mod harmonics;
mod meshes;
mod springs;
mod unbalances;

pub(crate) use forcing::{Forcing, Instant};

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::Layout;
use crate::schedule::layout::{MARGIN, Occupant};
use crate::settings::Settings;
use crate::vector::{Instructions, Vector, packs};
use coordinates::{Coordinates, Field};

/// Positions and velocities that forces are evaluated at.
#[derive(Clone, Copy)]
pub(crate) struct State<'a> {
    pub(crate) position: &'a [f64],
    pub(crate) velocity: &'a [f64],
}

impl State<'_> {
    /// Positions and velocities of a pack.
    #[inline(always)]
    pub(crate) fn load<V: Vector>(&self, at: usize) -> (V, V) {
        (V::load(self.position, at), V::load(self.velocity, at))
    }
}

/// All elements of an assembly, for the members of one batch of lanes.
#[derive(Debug)]
pub(crate) struct Elements {
    coordinates: Coordinates,
    springs: springs::Springs,
    /// Whether there is any of those below, and what they add up to, with the forces known in advance.
    others: bool,
    sum: Aligned,
    frictions: frictions::Frictions,
    unbalances: unbalances::Unbalances,
    meshes: meshes::Meshes,
    pub(crate) forcing: Forcing,
    coupled_length: usize,
}

impl Elements {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize], settings: &Settings) -> Self {
        let (springs, pulls) = springs::Springs::new(assembly, layout, members);
        let is_empty = [&assembly.frictions.index, &assembly.sails.index, &assembly.unbalances.index]
            .iter()
            .all(|index| index.is_empty());
        Self {
            coordinates: Coordinates::new(assembly, layout, members, &pulls),
            springs,
            others: !(is_empty && assembly.meshes.index.is_empty()),
            sum: Aligned::zeros(layout.length + MARGIN),
            frictions: frictions::Frictions::new(assembly, layout, members),
            unbalances: unbalances::Unbalances::new(assembly, layout, members),
            meshes: meshes::Meshes::new(assembly, layout, members),
            forcing: Forcing::new(assembly, layout, members, settings),
            coupled_length: layout.coupled_length,
        }
    }

    /// Evaluates what depends on more than the coordinate that it acts on, or on it in no simple way.
    #[inline(always)]
    pub(crate) fn evaluate<I: Instructions>(&mut self, state: State<'_>, instant: &Instant) {
        self.springs.evaluate::<I>(state);
        if self.others {
            self.sum_up::<I>(state, instant);
        }
    }

    /// Adds up what the springs do not do, in a kernel of its own: most assemblies of many bodies have less of it.
    fn sum_up<I: Instructions>(&mut self, state: State<'_>, instant: &Instant) {
        I::vectorize(
            #[inline(always)]
            || {
                for at in packs(0, self.coupled_length) {
                    I::Pack::load(&instant.acceleration, at).store(&mut self.sum, at);
                }
                self.frictions.add_accelerations::<I>(state, &mut self.sum);
                self.unbalances.add_accelerations::<I>(state, &mut self.sum);
                self.meshes.add_accelerations::<I>(state, &mut self.sum);
                self.forcing.add_sail_drag::<I>(instant, state, &mut self.sum);
            },
        );
    }

    /// What was evaluated last, which was for this instant.
    #[inline(always)]
    pub(crate) fn field<'a>(&'a self, instant: &'a Instant) -> Field<'a> {
        let given = if self.others { &self.sum } else { &instant.acceleration };
        self.coordinates.field(given, &self.springs.torque)
    }
}

/// A state vector with a value for the occupant and the lane at each place.
pub(crate) fn spread(layout: &Layout, value: impl Fn(Occupant, usize) -> f64) -> Aligned {
    let mut values = Aligned::zeros(layout.length + MARGIN);
    for (at, (place, &occupant)) in values.iter_mut().zip(&layout.occupant).enumerate() {
        *place = value(occupant, at % layout.lanes);
    }
    values
}

fn singles(index: &[usize]) -> Vec<[usize; 1]> {
    index.iter().map(|&coordinate| [coordinate]).collect()
}
