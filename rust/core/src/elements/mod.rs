//! Forces of the elements, one file for each family.

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
use crate::schedule::layout::Occupant;
use crate::vector::{Instructions, PACK, Vector};

/// Positions and velocities that forces are evaluated at.
#[derive(Clone, Copy)]
pub(crate) struct State<'a> {
    pub(crate) position: &'a [f64],
    pub(crate) velocity: &'a [f64],
}

/// All elements of an assembly, for the members of one batch of lanes.
#[derive(Debug)]
pub(crate) struct Elements {
    stiffness: Aligned,
    damping: Aligned,
    springs: springs::Springs,
    frictions: frictions::Frictions,
    quadratics: quadratics::Quadratics,
    unbalances: unbalances::Unbalances,
    meshes: meshes::Meshes,
    pub(crate) forcing: Forcing,
}

impl Elements {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Self {
        let diagonal = |table: &Coefficients| {
            spread(layout, |occupant, lane| match occupant {
                Occupant::Coordinate(coordinate) => table.at(members[lane], coordinate),
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
            forcing: Forcing::new(assembly, layout, members, diagonal(&assembly.constant_force)),
        }
    }

    /// M^-1 f: accelerations without constraints.
    #[inline(always)]
    pub(crate) fn free_acceleration<I: Instructions>(
        &self,
        state: State<'_>,
        instant: &Instant,
        inverse_mass: &[f64],
        acceleration: &mut [f64],
    ) {
        let force = &mut *acceleration;
        self.diagonal_forces::<I>(state, instant, force);
        self.springs.add_forces::<I>(state, force);
        self.frictions.add_forces::<I>(state, force);
        self.quadratics.add_forces::<I>(state, force);
        self.unbalances.add_forces::<I>(state, force);
        self.meshes.add_forces::<I>(state, force);
        self.forcing.add_sail_drag::<I>(instant, state, force);
        for at in (0..force.len()).step_by(PACK) {
            let a = I::Pack::load(force, at) * I::Pack::load(inverse_mass, at);
            a.store(force, at);
        }
    }

    /// f = f(t) - stiffness q - damping v.
    #[inline(always)]
    fn diagonal_forces<I: Instructions>(&self, state: State<'_>, instant: &Instant, force: &mut [f64]) {
        let (stiffness, damping, given) = (&self.stiffness[..], &self.damping[..], &instant.force[..]);
        for at in (0..force.len()).step_by(PACK) {
            let load = |values: &[f64]| I::Pack::load(values, at);
            let damped = (-load(damping)).mul_add(load(state.velocity), load(given));
            (-load(stiffness)).mul_add(load(state.position), damped).store(force, at);
        }
    }
}

/// A state vector with a value for the occupant and the lane at each place.
pub(crate) fn spread(layout: &Layout, value: impl Fn(Occupant, usize) -> f64) -> Aligned {
    let mut values = Aligned::zeros(layout.length);
    for (at, (place, &occupant)) in values.iter_mut().zip(&layout.occupant).enumerate() {
        *place = value(occupant, at % layout.lanes);
    }
    values
}

fn singles(index: &[usize]) -> Vec<[usize; 1]> {
    index.iter().map(|&coordinate| [coordinate]).collect()
}
