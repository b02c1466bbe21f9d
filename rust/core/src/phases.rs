//! Where the time goes: every so many steps the clock is read at the borders of the phases.

use std::ops::AddAssign;
use std::time::Instant;

/// Of this many steps one is timed. A prime, so that steps that record are met as often as they occur.
const SAMPLING: usize = 509;

/// The first step that is timed: those before find caches empty and take longer than all others.
const FIRST: usize = 3;

/// False only in a build that shows what the clock costs.
const COUNTED: bool = !cfg!(feature = "uncounted");

/// The phases of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    StageEvaluation,
    ConstraintAssembly,
    Newton,
    History,
}

/// Seconds in each phase.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhaseSeconds {
    /// Forces, accelerations, stage updates.
    pub stage_evaluation: f64,
    /// Gradients of the constraints, assembly and factors of S.
    pub constraint_assembly: f64,
    /// Solves for positions, velocities and accelerations.
    pub newton: f64,
    /// Recording.
    pub history: f64,
}

impl AddAssign for PhaseSeconds {
    fn add_assign(&mut self, other: Self) {
        self.stage_evaluation += other.stage_evaluation;
        self.constraint_assembly += other.constraint_assembly;
        self.newton += other.newton;
        self.history += other.history;
    }
}

/// Reads the clock in sampled steps only, so that it costs well under 1%.
#[derive(Debug, Default)]
pub(crate) struct PhaseClock {
    last: Option<Instant>,
    sampled: [f64; 4],
    sampled_steps: usize,
    steps: usize,
}

impl PhaseClock {
    /// Starts a step.
    #[inline(always)]
    pub(crate) fn start_step(&mut self) {
        if !COUNTED {
            return;
        }
        self.last = None;
        if self.steps % SAMPLING == FIRST {
            self.sampled_steps += 1;
            self.last = Some(Instant::now());
        }
        self.steps += 1;
    }

    /// Books the time since the last border to `phase`.
    #[inline(always)]
    pub(crate) fn end(&mut self, phase: Phase) {
        if COUNTED && let Some(last) = self.last {
            self.book(phase, last);
        }
    }

    #[cold]
    fn book(&mut self, phase: Phase, last: Instant) {
        let now = Instant::now();
        self.sampled[phase as usize] += (now - last).as_secs_f64();
        self.last = Some(now);
    }

    /// Seconds in each phase, scaled to all steps.
    pub(crate) fn seconds(&self) -> PhaseSeconds {
        let scale = if self.sampled_steps == 0 { 0.0 } else { self.steps as f64 / self.sampled_steps as f64 };
        let [stage_evaluation, constraint_assembly, newton, history] = self.sampled.map(|s| s * scale);
        PhaseSeconds { stage_evaluation, constraint_assembly, newton, history }
    }
}
