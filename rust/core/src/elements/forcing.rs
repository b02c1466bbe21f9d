//! What depends on time and not on the state: excitations, constant forces, and the wind on sails.
//!
//! It is evaluated once for each distinct time of a step, not once for each stage, and divided by M like all forces.

use super::State;
use super::excitations::{Excitations, Excited};
use super::harmonics::{HarmonicValues, Harmonics};
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::layout::Occupant;
use crate::schedule::{Kernel, Layout, Runs};
use crate::settings::{Integrator, Settings};
use crate::vector::{Instructions, PACK, Vector};

/// Forces that are known once the time is.
#[derive(Clone, Debug)]
pub(crate) struct Instant {
    /// Acceleration of each coordinate by constant and harmonic forces and sail lift.
    pub(crate) acceleration: Aligned,
    /// lift slope w / M of each sail: the acceleration that its speed takes away, per rad/s.
    sail_drag: Aligned,
    /// Of excitations and gusts, for each lane.
    harmonics: Aligned,
}

impl Instant {
    /// Values of all harmonics.
    #[inline(always)]
    pub(crate) fn harmonics(&self) -> &[f64] {
        &self.harmonics
    }
}

#[derive(Debug)]
pub(crate) struct Forcing {
    /// Whether there is anything to evaluate.
    any: bool,
    constant: Aligned,
    harmonics: HarmonicValues,
    excitations: Excitations,
    gusts: Runs<2>,
    depth: Aligned,
    /// sum depth sin(...) of each sail.
    gustiness: Aligned,
    sails: Runs<2>,
    lift: Aligned,
    slope: Aligned,
    wind_speed: Aligned,
}

impl Forcing {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize], settings: &Settings) -> Self {
        let (sails, gusts) = (&assembly.sails, &assembly.gusts);
        let lanes = layout.lanes;
        let mut harmonics = Harmonics::default();
        let sail_lanes =
            sails.index.iter().flat_map(|&index| (0..lanes).map(move |lane| layout.offset[index] + lane));
        let mut excitations = Excitations::new(assembly, layout, members, &mut harmonics, sail_lanes);
        let any = excitations.any();
        if settings.integrator == Integrator::Rk4 {
            excitations.leave_out(layout.coupled_length);
        }
        let gust_places = (0..gusts.sail.len()).map(|item| {
            let place = harmonics.place(&gusts.angular_frequency, &gusts.phase, item, members);
            [gusts.sail[item] * lanes, place]
        });
        let gust_runs = Runs::of_places(gust_places.collect(), lanes);
        let sail_places =
            sails.index.iter().enumerate().map(|(sail, &index)| [layout.offset[index], sail * lanes]);
        let sail_runs = Runs::of_places(sail_places.collect(), lanes);
        Self {
            any,
            constant: super::spread(layout, |occupant, lane| match occupant {
                Occupant::Coordinate(coordinate) => {
                    let member = members[lane];
                    assembly.constant_force.at(member, coordinate) / assembly.mass.at(member, coordinate)
                }
                _ => 0.0,
            }),
            harmonics: harmonics.finish(settings.dt),
            excitations,
            depth: gust_runs.expand(&gusts.depth, members, 0.0),
            gusts: gust_runs,
            gustiness: Aligned::zeros(if sails.index.is_empty() {
                0
            } else {
                sails.index.len() * lanes + 2 * PACK
            }),
            lift: sail_runs.expand_with(0.0, |item, lane| {
                let member = members[lane];
                sails.lift.at(member, item) / assembly.mass.at(member, sails.index[item])
            }),
            slope: sail_runs.expand(&sails.slope, members, 0.0),
            wind_speed: sail_runs.expand(&sails.wind_speed, members, 0.0),
            sails: sail_runs,
        }
    }

    /// An instant to be evaluated into.
    pub(crate) fn instant(&self) -> Instant {
        Instant {
            acceleration: self.constant.clone(),
            sail_drag: self.lift.clone(),
            harmonics: self.harmonics.values(),
        }
    }

    /// Evaluates the forces after a number of half steps.
    pub(crate) fn evaluate<I: Instructions>(&mut self, half_steps: usize, instant: &mut Instant) {
        self.prepare::<I>(half_steps);
        I::vectorize(
            #[inline(always)]
            || self.evaluate_prepared::<I>(half_steps, instant),
        );
    }

    /// Does what is done once for several instants up to one after a number of half steps, if that is even.
    #[inline(always)]
    pub(crate) fn prepare<I: Instructions>(&mut self, half_steps: usize) {
        self.harmonics.prepare::<I>(half_steps);
    }

    /// [`Forcing::evaluate`] at an instant that was prepared, as part of a kernel.
    #[inline(always)]
    pub(crate) fn evaluate_prepared<I: Instructions>(&mut self, half_steps: usize, instant: &mut Instant) {
        if !self.any {
            return;
        }
        self.harmonics.evaluate::<I>(half_steps, &mut instant.harmonics);
        self.excitations().evaluate::<I>(&instant.harmonics, &mut instant.acceleration);
        if self.gustiness.is_empty() {
            return;
        }
        self.gustiness.fill(0.0);
        self.gusts.sweep::<I::Pack>(&mut Gust {
            depth: &self.depth,
            harmonics: &instant.harmonics,
            sum: &mut self.gustiness,
        });
        let mut wind = Wind {
            lift: &self.lift,
            slope: &self.slope,
            wind_speed: &self.wind_speed,
            gustiness: &self.gustiness,
            instant,
        };
        self.sails.sweep::<I::Pack>(&mut wind);
    }

    /// Excitations and constant forces, for the packs where they are not stored with the instants.
    #[inline(always)]
    pub(crate) fn excitations(&self) -> Excited<'_> {
        self.excitations.given(&self.constant)
    }

    /// The part of the wind torque that depends on the sails' speed.
    #[inline(always)]
    pub(crate) fn add_sail_drag<I: Instructions>(
        &self,
        instant: &Instant,
        state: State<'_>,
        acceleration: &mut [f64],
    ) {
        self.sails.sweep::<I::Pack>(&mut SailDrag { drag: &instant.sail_drag, state, acceleration });
    }
}

struct Gust<'a> {
    depth: &'a [f64],
    harmonics: &'a [f64],
    sum: &'a mut [f64],
}

impl<V: Vector> Kernel<V, 2> for Gust<'_> {
    #[inline(always)]
    fn apply(&mut self, [at, harmonic]: [usize; 2], item: usize) {
        (V::load(self.depth, item) * V::load(self.harmonics, harmonic)).add_to(self.sum, at);
    }
}

struct Wind<'a> {
    lift: &'a [f64],
    slope: &'a [f64],
    wind_speed: &'a [f64],
    gustiness: &'a [f64],
    instant: &'a mut Instant,
}

impl<V: Vector> Kernel<V, 2> for Wind<'_> {
    #[inline(always)]
    fn apply(&mut self, [at, sail]: [usize; 2], item: usize) {
        let speed = V::load(self.wind_speed, item) * (V::splat(1.0) + V::load(self.gustiness, sail));
        let push = V::load(self.lift, item) * speed;
        (push * speed).add_to(&mut self.instant.acceleration, at);
        (push * V::load(self.slope, item)).store(&mut self.instant.sail_drag, item);
    }
}

struct SailDrag<'a> {
    drag: &'a [f64],
    state: State<'a>,
    acceleration: &'a mut [f64],
}

impl<V: Vector> Kernel<V, 2> for SailDrag<'_> {
    #[inline(always)]
    fn apply(&mut self, [at, _]: [usize; 2], item: usize) {
        let torque = V::load(self.drag, item) * V::load(self.state.velocity, at);
        (-torque).add_to(self.acceleration, at);
    }
}
