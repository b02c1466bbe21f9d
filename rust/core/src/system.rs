//! The equations of motion of the members in one batch of lanes: forces, constrained accelerations, projections.

use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::elements::{Elements, Instant, State, spread};
use crate::lanes::{LaneMaximum, exceeds, keep_worst};
use crate::mechanism::Mechanism;
use crate::phases::{Phase, PhaseClock};
use crate::rigid::Rigid;
use crate::schedule::layout::Occupant;
use crate::schedule::{Class, Layout};
use crate::settings::Settings;
use crate::vector::{Instructions, PACK, Vector};

/// Steps between two projections of the linear rows, which take away what rounding has added up.
const REFRESH: usize = 64;

/// Residual of a linear row, relative to the largest position, that rounding explains.
const ROUNDING: f64 = 1e-13;

/// A projection that did not converge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ProjectionFailure {
    /// Constraint with the largest residual.
    pub(crate) constraint: usize,
    pub(crate) residual: f64,
}

/// Everything that the integrators need of an assembly.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) inverse_mass: Aligned,
    pub(crate) elements: Elements,
    rigid: Vec<Rigid>,
    mechanisms: Vec<Mechanism>,
    lanes: usize,
    tolerance: f64,
    newton_limit: usize,
    /// Lanes that go on; the others no longer count.
    pub(crate) alive: [bool; PACK],
    /// Failed projections of this step.
    pub(crate) failures: [Option<ProjectionFailure>; PACK],
    pub(crate) newton_iterations: [u64; PACK],
    pub(crate) force_evaluations: u64,
    /// max |g| of each lane at the last `finish_step`.
    pub(crate) residual: [f64; PACK],
    pub(crate) clock: PhaseClock,
    mechanism_residual: LaneMaximum,
    finished_steps: usize,
}

impl System {
    pub(crate) fn new<I: Instructions>(
        assembly: &Assembly,
        classes: &[Class],
        layout: &Layout,
        members: &[usize],
        settings: &Settings,
    ) -> Self {
        let inverse_mass = spread(layout, |occupant, lane| match occupant {
            Occupant::Coordinate(c) | Occupant::Ghost(c) => 1.0 / assembly.mass.at(members[lane], c),
            Occupant::Empty => 1.0,
        });
        let linear = classes.iter().filter(|class| class.shape.is_linear());
        let nonlinear = classes.iter().filter(|class| !class.shape.is_linear());
        Self {
            elements: Elements::new(assembly, layout, members),
            rigid: linear
                .map(|class| Rigid::new::<I>(assembly, class, layout, members, &inverse_mass))
                .collect(),
            mechanisms: nonlinear.map(|class| Mechanism::new(assembly, class, layout, members)).collect(),
            inverse_mass,
            lanes: layout.lanes,
            tolerance: settings.tolerance,
            newton_limit: settings.newton_limit,
            alive: [true; PACK],
            failures: [None; PACK],
            newton_iterations: [0; PACK],
            force_evaluations: 0,
            residual: [0.0; PACK],
            clock: PhaseClock::default(),
            mechanism_residual: LaneMaximum::new(),
            finished_steps: 0,
        }
    }

    /// Accelerations that the linear rows allow; the mechanisms' rows are left out.
    pub(crate) fn linear_acceleration<I: Instructions>(
        &mut self,
        position: &[f64],
        velocity: &[f64],
        instant: &Instant,
        acceleration: &mut [f64],
    ) {
        self.free_acceleration::<I>(position, velocity, instant, acceleration);
        self.clock.end(Phase::StageEvaluation);
        for rigid in &mut self.rigid {
            rigid.constrain_acceleration::<I>(acceleration, &self.inverse_mass);
        }
        self.clock.end(Phase::Newton);
    }

    /// M^-1 f.
    fn free_acceleration<I: Instructions>(
        &mut self,
        position: &[f64],
        velocity: &[f64],
        instant: &Instant,
        acceleration: &mut [f64],
    ) {
        self.force_evaluations += 1;
        let (elements, inverse_mass) = (&self.elements, &self.inverse_mass);
        I::vectorize(
            #[inline(always)]
            || {
                elements.forces::<I>(State { position, velocity }, instant, acceleration);
                for at in (0..acceleration.len()).step_by(PACK) {
                    let a = I::Pack::load(acceleration, at) * I::Pack::load(inverse_mass, at);
                    a.store(acceleration, at);
                }
            },
        );
    }

    /// Accelerations under all constraints, at the position of the last projection.
    pub(crate) fn acceleration<I: Instructions>(
        &mut self,
        position: &[f64],
        velocity: &[f64],
        instant: &Instant,
        acceleration: &mut [f64],
    ) {
        self.linear_acceleration::<I>(position, velocity, instant, acceleration);
        for mechanism in &mut self.mechanisms {
            mechanism.constrain_acceleration::<I>(acceleration, velocity, &self.inverse_mass);
        }
        self.clock.end(Phase::Newton);
    }

    /// Multipliers lambda of all constraints, by number and lane, at the position of the last projection.
    pub(crate) fn reactions<I: Instructions>(
        &mut self,
        position: &[f64],
        velocity: &[f64],
        instant: &Instant,
        scratch: &mut [f64],
        reaction: &mut [f64],
    ) {
        let force_evaluations = self.force_evaluations;
        self.free_acceleration::<I>(position, velocity, instant, scratch);
        self.force_evaluations = force_evaluations;
        for rigid in &mut self.rigid {
            rigid.reactions::<I>(scratch, reaction, self.lanes);
        }
        for mechanism in &mut self.mechanisms {
            mechanism.constrain_acceleration::<I>(scratch, velocity, &self.inverse_mass);
            mechanism.reactions(reaction, self.lanes);
        }
    }

    /// Brings the state onto the mechanisms' rows: positions by Newton, then velocities.
    pub(crate) fn project<I: Instructions>(&mut self, position: &mut [f64], velocity: &mut [f64], time: f64) {
        if self.mechanisms.is_empty() {
            return;
        }
        self.project_positions::<I>(position, time);
        self.factor::<I>();
        self.project_mechanism_velocities::<I>(velocity);
    }

    /// Newton on the mechanisms' positions; leaves residual and G at the result.
    pub(crate) fn project_positions<I: Instructions>(&mut self, position: &mut [f64], time: f64) {
        let mut iteration = 0;
        loop {
            let pending = self.evaluate::<I>(position, time);
            if !pending.contains(&true) {
                return;
            }
            if iteration == self.newton_limit {
                self.report_failures::<I>(position, time, pending);
                return;
            }
            iteration += 1;
            self.factor::<I>();
            let mask = self.count_iteration(pending);
            for mechanism in &mut self.mechanisms {
                mechanism.correct::<I, 1>([(position, 1.0)], &self.inverse_mass, &mask);
            }
            self.clock.end(Phase::Newton);
        }
    }

    /// RATTLE: moves positions along G of the last projection until g = 0, and the half-step velocities by the
    /// same multipliers divided by the step size.
    pub(crate) fn project_along_old_gradient<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        dt: f64,
        time: f64,
    ) {
        let mut iteration = 0;
        loop {
            let mut largest = LaneMaximum::new();
            for mechanism in &mut self.mechanisms {
                mechanism.evaluate_residual::<I>(position, time, &mut largest);
            }
            self.clock.end(Phase::ConstraintAssembly);
            let pending = self.pending(&largest);
            if pending.contains(&true) && iteration == self.newton_limit {
                self.report_failures::<I>(position, time, pending);
                return;
            }
            iteration += 1;
            // The old gradient converges linearly, and an error of the position counts 1 / dt times in the
            // velocity: one more iteration once all lanes are within tolerance.
            let done = !pending.contains(&true);
            let mask = if done { [1.0; PACK] } else { self.count_iteration(pending) };
            for mechanism in &mut self.mechanisms {
                let targets = [(&mut *position, 1.0), (&mut *velocity, 1.0 / dt)];
                mechanism.correct::<I, 2>(targets, &self.inverse_mass, &mask);
            }
            self.clock.end(Phase::Newton);
            if done {
                return;
            }
        }
    }

    /// Evaluates the mechanisms' rows; tells which lanes are not within tolerance.
    pub(crate) fn evaluate<I: Instructions>(&mut self, position: &[f64], time: f64) -> [bool; PACK] {
        let mut largest = LaneMaximum::new();
        for mechanism in &mut self.mechanisms {
            mechanism.evaluate::<I>(position, time, &mut largest);
        }
        self.mechanism_residual = largest;
        self.clock.end(Phase::ConstraintAssembly);
        self.pending(&largest)
    }

    /// Factors S at the position of the last `evaluate`.
    pub(crate) fn factor<I: Instructions>(&mut self) {
        for mechanism in &mut self.mechanisms {
            mechanism.factor::<I>(&self.inverse_mass);
        }
        self.clock.end(Phase::ConstraintAssembly);
    }

    pub(crate) fn project_mechanism_velocities<I: Instructions>(&mut self, velocity: &mut [f64]) {
        for mechanism in &mut self.mechanisms {
            mechanism.project_velocities::<I>(velocity, &self.inverse_mass);
        }
        self.clock.end(Phase::Newton);
    }

    fn pending(&self, largest: &LaneMaximum) -> [bool; PACK] {
        let residual = largest.by_lane(self.lanes);
        std::array::from_fn(|lane| self.alive[lane] && exceeds(residual[lane], self.tolerance))
    }

    fn count_iteration(&mut self, pending: [bool; PACK]) -> [f64; PACK] {
        for (count, pending) in self.newton_iterations.iter_mut().zip(pending) {
            *count += u64::from(pending);
        }
        pending.map(|pending| if pending { 1.0 } else { 0.0 })
    }

    #[cold]
    fn report_failures<I: Instructions>(&mut self, position: &[f64], time: f64, pending: [bool; PACK]) {
        for lane in (0..self.lanes).filter(|&lane| pending[lane]) {
            let mut worst = None;
            let rigid = self.rigid.iter_mut().map(|class| class.worst_row::<I>(position, time, lane));
            let mechanisms =
                self.mechanisms.iter_mut().map(|class| class.worst_row::<I>(position, time, lane));
            for (constraint, residual) in rigid.chain(mechanisms).flatten() {
                keep_worst(&mut worst, constraint, residual);
            }
            self.failures[lane] =
                worst.map(|(constraint, residual)| ProjectionFailure { constraint, residual });
        }
    }

    /// Projects the state at the end of a step, notes its residual, and keeps the linear rows free of drift.
    pub(crate) fn finish_step<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
    ) {
        self.project::<I>(position, velocity, time);
        self.finish_linear_rows::<I>(position, velocity, time);
    }

    /// The part of `finish_step` that concerns linear rows.
    pub(crate) fn finish_linear_rows<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
    ) {
        self.finished_steps += 1;
        if self.finished_steps.is_multiple_of(REFRESH) {
            self.project_linear_rows::<I>(position, velocity, time, [true; PACK]);
        }
        let mut largest = self.linear_residual::<I>(position, time);
        let pending = self.pending(&largest);
        if pending.contains(&true) {
            largest = self.mend_linear_rows::<I>(position, velocity, time, pending);
        }
        largest.include(self.mechanism_residual.as_vector::<I::Pack>());
        self.residual = largest.by_lane(self.lanes);
        self.clock.end(Phase::Newton);
    }

    /// Projects lanes that have drifted off their linear rows. What is left is rounding, which no iteration
    /// removes: it counts as a failure only if it is large beside the rounding of the positions.
    #[cold]
    fn mend_linear_rows<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
        mut pending: [bool; PACK],
    ) -> LaneMaximum {
        let mut largest = LaneMaximum::new();
        for _ in 0..self.newton_limit {
            self.project_linear_rows::<I>(position, velocity, time, pending);
            largest = self.linear_residual::<I>(position, time);
            pending = self.pending(&largest);
            if !pending.contains(&true) {
                return largest;
            }
        }
        let residual = largest.by_lane(self.lanes);
        for (lane, pending) in pending.iter_mut().enumerate().take(self.lanes) {
            let size = position.iter().skip(lane).step_by(self.lanes).fold(0.0, |a: f64, b| a.max(b.abs()));
            *pending &= exceeds(residual[lane], ROUNDING * size);
        }
        self.report_failures::<I>(position, time, pending);
        largest
    }

    fn linear_residual<I: Instructions>(&mut self, position: &[f64], time: f64) -> LaneMaximum {
        let mut largest = LaneMaximum::new();
        for rigid in &mut self.rigid {
            rigid.residual::<I>(position, time, &mut largest);
        }
        largest
    }

    #[cold]
    fn project_linear_rows<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
        lanes: [bool; PACK],
    ) {
        let mask = lanes.map(|chosen| if chosen { 1.0 } else { 0.0 });
        for rigid in &mut self.rigid {
            rigid.project_positions::<I>(position, time, &self.inverse_mass, &mask);
            rigid.project_velocities::<I>(velocity, &self.inverse_mass, &mask);
        }
    }

    /// Brings the initial state onto all constraints.
    pub(crate) fn project_initial<I: Instructions>(
        &mut self,
        position: &mut [f64],
        velocity: &mut [f64],
        time: f64,
    ) {
        self.project_linear_rows::<I>(position, velocity, time, [true; PACK]);
        self.finish_step::<I>(position, velocity, time);
    }
}
