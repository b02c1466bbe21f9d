//! A timer signal interrupts the process at regular steps of CPU time and notes the stack it finds.

use pprof::{ProfilerGuard, ProfilerGuardBuilder};

/// Libraries in whose code no stack is walked: they hold locks that the walk needs.
const UNSAFE_TO_INTERRUPT: [&str; 4] = ["libc", "libgcc", "pthread", "vdso"];

/// Why sampling failed, from the system's own message.
pub type SamplingError = pprof::Error;

/// A stack and how often it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Names of the frames, the outermost first, inlined calls included.
    pub frames: Vec<String>,
    /// Number of samples.
    pub count: usize,
}

/// Samples the whole process until it is stopped; only one can run at a time.
pub struct Sampler {
    guard: ProfilerGuard<'static>,
}

impl Sampler {
    /// Starts to sample.
    ///
    /// `frequency` is in samples per second of CPU time; the kernel's timer tick (often 250 Hz) is its limit.
    ///
    /// # Errors
    /// If another sampler runs or the system refuses the timer.
    pub fn start(frequency: i32) -> Result<Self, SamplingError> {
        let guard =
            ProfilerGuardBuilder::default().frequency(frequency).blocklist(&UNSAFE_TO_INTERRUPT).build()?;
        Ok(Self { guard })
    }

    /// Stops and names the frames of all stacks, the samples of all threads together.
    ///
    /// # Errors
    /// If the samples cannot be read back.
    pub fn stop(self) -> Result<Vec<Stack>, SamplingError> {
        let report = self.guard.report().build()?;
        Ok(report
            .data
            .iter()
            .map(|(stack, &count)| Stack {
                frames: frame_names(stack),
                count: usize::try_from(count).unwrap_or(0),
            })
            .collect())
    }
}

fn frame_names(stack: &pprof::Frames) -> Vec<String> {
    let symbols = stack.frames.iter().rev().flat_map(|inlined| inlined.iter().rev());
    symbols.map(pprof::Symbol::name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[inline(never)]
    fn sum_up(count: u32) -> f64 {
        (0..count).fold(0.0, |sum, term| black_box(sum + f64::from(term)))
    }

    #[test]
    fn busy_function_is_found_and_a_second_sampler_refused() {
        let sampler = Sampler::start(250).expect("no other sampler runs");
        assert!(Sampler::start(250).is_err());
        black_box(sum_up(30_000_000)); // tenths of a second of CPU time, however long the process waits for it
        let stacks = sampler.stop().expect("samples can be read");
        let found = stacks
            .iter()
            .filter(|stack| stack.frames.iter().any(|frame| frame.contains("sum_up")))
            .map(|stack| stack.count)
            .sum::<usize>();
        assert!(found > 0, "{stacks:?}");
    }
}
