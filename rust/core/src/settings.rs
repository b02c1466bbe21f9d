//! How to simulate.

/// Time integration methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrator {
    /// Classical Runge-Kutta, every stage state projected.
    Rk4,
    /// RATTLE.
    Verlet,
    /// Semi-implicit Euler, projected.
    Euler,
}

/// Settings of a run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Step size [s].
    pub dt: f64,
    /// Number of steps.
    pub step_count: usize,
    /// A state is recorded at steps 0, `save_every`, 2 `save_every`, ...
    pub save_every: usize,
    /// Time integration method.
    pub integrator: Integrator,
    /// Newton stops when max |g| is at most this.
    pub tolerance: f64,
    /// Newton iterations allowed in one projection.
    pub newton_limit: usize,
    /// A coordinate or velocity beyond this at the end of a step has run away.
    pub runaway_limit: f64,
    /// Threads over batches of members; 0 for one on each core.
    pub thread_count: usize,
}

impl Settings {
    /// Number of recorded states, the first one included.
    #[must_use]
    pub fn sample_count(&self) -> usize {
        self.step_count / self.save_every + 1
    }
}
