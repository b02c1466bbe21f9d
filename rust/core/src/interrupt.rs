//! Looking every so many steps whether the user wants to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::outcome::Interrupted;

/// Steps between two looks at the flag and the clock.
const STEPS: usize = 64;
/// Time between two questions to the caller.
pub(crate) const INTERVAL: Duration = Duration::from_millis(50);

/// Asks the caller, who answers true to stop; only the calling thread does.
pub type Poll<'a> = &'a dyn Fn() -> bool;

/// One thread's watch on the run.
pub(crate) struct Watch<'a> {
    stopped: &'a AtomicBool,
    poll: Option<Poll<'a>>,
    next: Instant,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(stopped: &'a AtomicBool, poll: Option<Poll<'a>>) -> Self {
        Self { stopped, poll, next: Instant::now() + INTERVAL }
    }

    /// Looks, if this step is one to look at.
    #[inline(always)]
    pub(crate) fn look(&mut self, step: usize) -> Result<(), Interrupted> {
        if step.is_multiple_of(STEPS) { self.ask() } else { Ok(()) }
    }

    /// Looks now.
    pub(crate) fn ask(&mut self) -> Result<(), Interrupted> {
        if let Some(poll) = self.poll
            && Instant::now() >= self.next
        {
            self.next = Instant::now() + INTERVAL;
            if poll() {
                self.stopped.store(true, Ordering::Relaxed);
            }
        }
        if self.stopped.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }
}
