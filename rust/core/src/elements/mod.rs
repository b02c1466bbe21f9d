//! Forces of the elements, one file for each family.
//!
//! Coefficients are divided by the mass M of the coordinate that they act on, so that sums of forces are
//! accelerations and need no further pass.

mod excitations;
mod forcing;
mod frictions;
mod harmonics;
mod meshes;
mod quadratics;
mod springs;
mod unbalances;

pub(crate) use forcing::{Forcing, Instant};

use crate::aligned::Aligned;
use crate::assembly::{Assembly, Coefficients};
use crate::schedule::Layout;
use crate::schedule::layout::{MARGIN, Occupant};
use crate::vector::{Instructions, Vector, packs};

/// Positions and velocities that forces are evaluated at.
#[derive(Clone, Copy)]
pub(crate) struct State<'a> {
    pub(crate) position: &'a [f64],
    pub(crate) velocity: &'a [f64],
}

/// All elements of an assembly, for the members of one batch of lanes.
#[derive(Debug)]
pub(crate) struct Elements {
    /// Of each coordinate, divided by M.
    pub(crate) stiffness: Aligned,
    pub(crate) damping: Aligned,
    springs: springs::Springs,
    frictions: frictions::Frictions,
    quadratics: quadratics::Quadratics,
    unbalances: unbalances::Unbalances,
    meshes: meshes::Meshes,
    pub(crate) forcing: Forcing,
}

impl Elements {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize], dt: f64) -> Self {
        let diagonal = |table: &Coefficients| {
            spread(layout, |occupant, lane| match occupant {
                Occupant::Coordinate(coordinate) => {
                    table.at(members[lane], coordinate) / assembly.mass.at(members[lane], coordinate)
                }
                _ => 0.0,
            })
        };
        Self {
            stiffness: diagonal(&assembly.stiffness),
            damping: diagonal(&assembly.damping),
            springs: springs::Springs::new(assembly, layout, members),
            frictions: frictions::Frictions::new(assembly, layout, members),
            quadratics: quadratics::Quadratics::new(assembly, layout, members),
            unbalances: unbalances::Unbalances::new(assembly, layout, members),
            meshes: meshes::Meshes::new(assembly, layout, members),
            forcing: Forcing::new(assembly, layout, members, diagonal(&assembly.constant_force), dt),
        }
    }

    /// M^-1 f: accelerations without constraints, of the first `length` places.
    #[inline(always)]
    pub(crate) fn free_acceleration<I: Instructions>(
        &self,
        state: State<'_>,
        instant: &Instant,
        length: usize,
        acceleration: &mut [f64],
    ) {
        self.diagonal::<I>(state, instant, length, acceleration);
        self.springs.add_accelerations::<I>(state, acceleration);
        self.frictions.add_accelerations::<I>(state, acceleration);
        self.quadratics.add_accelerations::<I>(state, acceleration);
        self.unbalances.add_accelerations::<I>(state, acceleration);
        self.meshes.add_accelerations::<I>(state, acceleration);
        self.forcing.add_sail_drag::<I>(instant, state, acceleration);
    }

    /// a = a(t) - stiffness q - damping v.
    #[inline(always)]
    fn diagonal<I: Instructions>(
        &self,
        state: State<'_>,
        instant: &Instant,
        length: usize,
        acceleration: &mut [f64],
    ) {
        let (stiffness, damping, given) = (&self.stiffness[..], &self.damping[..], &instant.acceleration[..]);
        for at in packs(0, length) {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let damped = (-load(damping)).mul_add(load(state.velocity), load(given));
            (-load(stiffness)).mul_add(load(state.position), damped).store(acceleration, at);
        }
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
