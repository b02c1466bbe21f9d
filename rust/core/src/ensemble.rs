//! All members of an assembly: eight side by side in the lanes of a batch, batches over threads.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use crate::assembly::Assembly;
use crate::batch::{Batch, BatchOutcome, Plan};
use crate::gearing::{Gearing, reduce};
use crate::history::History;
use crate::instructions::{InstructionSet, run_batch};
use crate::interrupt::{INTERVAL, Poll, Watch};
use crate::outcome::{Interrupted, Outcome};
use crate::phases::PhaseSeconds;
use crate::schedule::{Layout, clusters};
use crate::settings::Settings;
use crate::vector::PACK;

/// Simulates all members and fills `history`.
///
/// A member's result depends neither on the other members nor on the number of threads.
///
/// # Errors
/// [`Interrupted`] if `poll` answered true; the history is then incomplete.
///
/// # Panics
/// If a buffer of `history` has not the size that the assembly and the settings ask for.
pub fn simulate(
    assembly: &Assembly,
    settings: &Settings,
    history: History<'_>,
    poll: Poll<'_>,
) -> Result<Outcome, Interrupted> {
    simulate_on(InstructionSet::detect(), assembly, settings, history, poll)
}

/// [`simulate`] with a given instruction set, or the widest that the processor has if that is less.
///
/// # Errors
/// As for [`simulate`].
///
/// # Panics
/// As for [`simulate`].
pub fn simulate_on(
    set: InstructionSet,
    assembly: &Assembly,
    settings: &Settings,
    history: History<'_>,
    poll: Poll<'_>,
) -> Result<Outcome, Interrupted> {
    let set = set.min(InstructionSet::detect());
    let lanes = if assembly.member_count == 1 { 1 } else { PACK };
    // Reactions between bodies that share a coordinate would be lost.
    let wants_reactions = history.reaction.is_some();
    let gearing = if wants_reactions { Gearing::none(assembly) } else { Gearing::find(assembly) };
    let reduced = reduce(assembly, &gearing);
    let classes = clusters::classes(&reduced);
    let layout = Layout::new(&reduced, &classes, &gearing.leader, lanes);
    let plan =
        Plan { assembly: &reduced, whole: assembly, gearing: &gearing, classes, layout, settings: *settings };
    let batches = batches(assembly, settings, history, lanes);
    let thread_count = thread_count(settings.thread_count, batches.len());
    let path = format!("rust {} lanes={lanes} threads={thread_count}", set.name());
    let outcomes = run_all(set, &plan, batches, thread_count, poll)?;
    let mut outcome = Outcome { members: Vec::new(), phases: PhaseSeconds::default(), path };
    for (members, phases) in outcomes {
        outcome.members.extend(members);
        outcome.phases += phases;
    }
    Ok(outcome)
}

fn batches<'a>(
    assembly: &Assembly,
    settings: &Settings,
    history: History<'a>,
    lanes: usize,
) -> Vec<Batch<'a>> {
    let member_count = assembly.member_count;
    let starts: Vec<usize> = (0..member_count).step_by(lanes).collect();
    let sizes: Vec<usize> = starts.iter().map(|start| lanes.min(member_count - start)).collect();
    let samples = settings.sample_count();
    let parts = history.split(&sizes, assembly.body_count() * samples, assembly.constraint_count() * samples);
    starts
        .iter()
        .zip(sizes)
        .zip(parts)
        .map(|((&start, size), history)| Batch { members: start..start + size, history })
        .collect()
}

fn thread_count(wanted: usize, batch_count: usize) -> usize {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    let wanted = if wanted == 0 { cores() } else { wanted };
    wanted.clamp(1, batch_count.max(1))
}

/// Batches in the order of the members. The calling thread takes its share and is the one to ask `poll`.
fn run_all(
    set: InstructionSet,
    plan: &Plan<'_>,
    batches: Vec<Batch<'_>>,
    thread_count: usize,
    poll: Poll<'_>,
) -> Result<Vec<BatchOutcome>, Interrupted> {
    let stopped = AtomicBool::new(false);
    let results = Mutex::new((0..batches.len()).map(|_| None).collect::<Vec<Option<BatchOutcome>>>());
    let queue = Mutex::new(batches.into_iter().enumerate());
    let work = |mut watch: Watch<'_>| -> Result<(), Interrupted> {
        loop {
            let next = lock(&queue).next();
            let Some((number, batch)) = next else { return Ok(()) };
            let outcome = run_batch(set, plan, batch, &mut watch)?;
            lock(&results)[number] = Some(outcome);
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
