//! Batches over threads.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use crate::batch::{Batch, BatchOutcome, Plan, Run, Turn, Work};
use crate::instructions::{InstructionSet, take_turn};
use crate::interrupt::{INTERVAL, Poll, Watch};
use crate::outcome::Interrupted;

/// The last so many batches for each thread take turns on the threads, so that all threads end together.
const SHARED: usize = 2;

/// Turns that a shared batch takes, and the fewest steps of one.
const TURNS: usize = 16;
const SHORTEST_TURN: usize = 256;

/// What waits for a thread, by the number of the batch.
struct Queue<'a> {
    fresh: VecDeque<(usize, Batch<'a>)>,
    under_way: VecDeque<(usize, Box<Run<'a>>)>,
}

impl<'a> Queue<'a> {
    /// The next piece of work, and whether it is shared.
    fn next(&mut self, thread_count: usize) -> Option<(usize, Work<'a>, bool)> {
        let is_shared = thread_count > 1 && self.fresh.len() <= SHARED * thread_count;
        match self.fresh.pop_front() {
            Some((number, batch)) => Some((number, Work::Fresh(batch), is_shared)),
            None => self.under_way.pop_front().map(|(number, run)| (number, Work::UnderWay(run), true)),
        }
    }
}

/// Batches in the order of the members. The calling thread takes its share and is the one to ask `poll`.
pub(crate) fn run_all<'a>(
    set: InstructionSet,
    plan: &'a Plan<'a>,
    batches: Vec<Batch<'a>>,
    thread_count: usize,
    poll: Poll<'_>,
) -> Result<Vec<BatchOutcome>, Interrupted> {
    let stopped = AtomicBool::new(false);
    let results = Mutex::new((0..batches.len()).map(|_| None).collect::<Vec<Option<BatchOutcome>>>());
    let fresh = batches.into_iter().enumerate().collect();
    let queue = Mutex::new(Queue { fresh, under_way: VecDeque::new() });
    let turn = (plan.settings.step_count / TURNS).max(SHORTEST_TURN);
    let work = |mut watch: Watch<'_>| -> Result<(), Interrupted> {
        loop {
            // A thread that finds nothing is done: each batch that is not here is on a thread of its own.
            let Some((number, work, is_shared)) = lock(&queue).next(thread_count) else { return Ok(()) };
            let step_count = if is_shared { turn } else { usize::MAX };
            match take_turn(set, plan, work, step_count, &mut watch)? {
                Turn::GoesOn(run) => lock(&queue).under_way.push_back((number, run)),
                Turn::Ended(outcome) => lock(&results)[number] = Some(outcome),
            }
        }
    };
    thread::scope(|scope| {
        let (sender, finished) = channel::<()>();
        for _ in 1..thread_count {
            let sender = sender.clone();
            let (work, stopped) = (&work, &stopped);
            scope.spawn(move || {
                // The sender is dropped when the thread ends, even by a panic.
                let _sender = sender;
                let _ = work(Watch::new(stopped, None));
            });
        }
        drop(sender);
        let _ = work(Watch::new(&stopped, Some(poll)));
        let mut watch = Watch::new(&stopped, Some(poll));
        while finished.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let _ = watch.ask();
        }
    });
    if stopped.load(Ordering::Relaxed) {
        return Err(Interrupted);
    }
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(results.into_iter().flatten().collect())
}

/// A lock that a panic elsewhere does not spoil: the panic itself is reported when the threads are joined.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
