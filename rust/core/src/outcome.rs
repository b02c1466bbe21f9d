//! What a run reports.

use crate::phases::PhaseSeconds;

/// How a member ended; the numbers are those of `molenspin.status.CaseStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum Status {
    /// It reached the end.
    Ok = 1,
    /// A state is not finite or has run away.
    Diverged = 2,
    /// Newton did not bring the constraints within tolerance.
    NotConverged = 3,
}

/// The end of one member.
#[derive(Clone, Copy, Debug)]
pub struct MemberOutcome {
    /// How it ended.
    pub status: Status,
    /// Step that failed (0: the projection of the initial state), or the number of steps.
    pub stop_step: usize,
    /// Constraint or body to blame.
    pub stop_index: Option<usize>,
    /// max |g| at a failed projection.
    pub stop_residual: f64,
    /// max |g| at the end of any step.
    pub max_residual: f64,
    /// Newton iterations of the run.
    pub newton_iterations: u64,
    /// Force evaluations of the run.
    pub force_evaluations: u64,
}

/// The end of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// One for each member.
    pub members: Vec<MemberOutcome>,
    /// Seconds in the phases, summed over the batches.
    pub phases: PhaseSeconds,
    /// Which code ran.
    pub path: String,
}

/// The user interrupted the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;
