//! The equations of motion of the members in one batch of lanes: forces, constrained accelerations, projections.

mod acceleration;
mod stock;

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::elements::{Elements, spread};
use crate::gearing::GearedRows;
use crate::lanes::LaneMaximum;
use crate::mechanism::{Mechanism, Moment};
use crate::newton::Newton;
use crate::phases::{Phase, PhaseClock};
use crate::rigid::Rigid;
use crate::schedule::layout::Occupant;
use crate::schedule::{Class, Layout};
use crate::settings::Settings;
use crate::vector::{Instructions, PACK};

/// A projection that did not converge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ProjectionFailure {
    /// Constraint with the largest residual.
    pub(crate) constraint: usize,
    pub(crate) residual: f64,
}

/// Which constraint rows an acceleration obeys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rows {
    None,
    Linear,
    All,
}

/// Everything that the integrators need of an assembly.
#[derive(Debug)]
pub(crate) struct System {
    inverse_mass: Aligned,
    pub(crate) elements: Elements,
    geared: GearedRows,
    rigid: Vec<Rigid>,
    mechanisms: Vec<Mechanism>,
    lanes: usize,
    /// Length of a state vector, of the part whose coordinates depend on each other, and of the part that obeys rows.
    pub(crate) length: usize,
    pub(crate) constrained_length: usize,
    pub(crate) coupled_length: usize,
    newton: Newton,
    /// Failed projections of this step.
    pub(crate) failures: [Option<ProjectionFailure>; PACK],
    /// True if this step has a failed projection, or a state beyond the limit.
    pub(crate) alarm: bool,
    runaway_limit: f64,
    pub(crate) force_evaluations: u64,
    /// max |g| of the run so far, and the largest coordinate or velocity at the last `finish_step`.
    pub(crate) max_residual: LaneMaximum,
    pub(crate) largest_state: LaneMaximum,
    /// max |g| at the last `finish_step`.
    residual: LaneMaximum,
    finished_steps: usize,
}

impl System {
    pub(crate) fn new<I: Instructions>(
        assembly: &Assembly,
        classes: &[Class],
        geared: GearedRows,
        layout: &Layout,
        members: &[usize],
        settings: &Settings,
    ) -> Self {
        let inverse_mass = spread(layout, |occupant, lane| match occupant {
            Occupant::Coordinate(c) | Occupant::Ghost(c) => 1.0 / assembly.mass.at(members[lane], c),
            Occupant::Empty => 1.0,
        });
        let (linear, nonlinear): (Vec<&Class>, Vec<&Class>) =
            classes.iter().partition(|class| class.shape.is_linear());
        let rigid = |class| Rigid::new::<I>(assembly, class, layout, members, &inverse_mass);
        Self {
            elements: Elements::new(assembly, layout, members, settings),
            geared,
            rigid: linear.into_iter().map(rigid).collect(),
            mechanisms: nonlinear
                .into_iter()
                .map(|class| Mechanism::new(assembly, class, layout, members, &inverse_mass))
                .collect(),
            inverse_mass,
            lanes: layout.lanes,
            length: layout.length,
            coupled_length: layout.coupled_length,
            constrained_length: layout.constrained_length,
            newton: Newton::new(settings.tolerance, settings.newton_limit),
            failures: [None; PACK],
            alarm: false,
            runaway_limit: settings.runaway_limit,
            force_evaluations: 0,
            max_residual: LaneMaximum::new(),
            largest_state: LaneMaximum::new(),
            residual: LaneMaximum::new(),
            finished_steps: 0,
        }
    }

    /// A lane whose member has ended no longer counts.
    pub(crate) fn end_lane(&mut self, lane: usize) {
        self.newton.alive[lane] = 0.0;
    }

    /// The clock of the phases.
    #[inline(always)]
    pub(crate) fn clock(&mut self) -> &mut PhaseClock {
        &mut self.newton.clock
    }

    /// Newton iterations of the run, by lane.
    pub(crate) fn newton_iterations(&self) -> [f64; PACK] {
        let mut largest = LaneMaximum::new();
        for mechanism in &self.mechanisms {
            mechanism.count_iterations(&mut largest, self.lanes);
        }
        largest.by_lane(self.lanes)
    }

    /// Brings a state onto the mechanisms' rows: positions by Newton, then velocities. `anew` evaluates angles
    /// that otherwise are moved from where they were evaluated last.
    pub(crate) fn project<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
        anew: bool,
    ) {
        if self.mechanisms.is_empty() {
            return;
        }
        self.newton.residual = LaneMaximum::new();
        I::vectorize(
            #[inline(always)]
            || {
                let moment = Moment { time, anew, inverse_mass: &self.inverse_mass };
                for mechanism in &mut self.mechanisms {
                    mechanism.project::<I>(position, velocity, moment, &mut self.newton);
                }
            },
        );
        self.note_failures::<I>(position, time);
        self.newton.clock.end(Phase::Newton);
    }

    /// RATTLE: moves positions along G of the last projection until g = 0, and the half-step velocities by the
    /// same multipliers divided by the step size; then evaluates G at the new position.
    pub(crate) fn slide<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        dt: f64,
        time: f64,
    ) {
        if self.mechanisms.is_empty() {
            return;
        }
        self.newton.residual = LaneMaximum::new();
        I::vectorize(
            #[inline(always)]
            || {
                let moment = Moment { time, anew: true, inverse_mass: &self.inverse_mass };
                for mechanism in &mut self.mechanisms {
                    mechanism.slide::<I>(position, velocity, dt, moment, &mut self.newton);
                }
            },
        );
        self.note_failures::<I>(position, time);
        self.newton.clock.end(Phase::Newton);
    }

    /// Velocities onto the mechanisms' rows, at the position of the last projection.
    pub(crate) fn project_velocities<I: Instructions>(&mut self, velocity: &mut [f64]) {
        I::vectorize(
            #[inline(always)]
            || {
                for mechanism in &mut self.mechanisms {
                    mechanism.project_velocities::<I>(velocity);
                }
            },
        );
        self.newton.clock.end(Phase::Newton);
    }
}
