//! All members of an assembly: eight side by side in the lanes of a batch, batches over threads.

use std::num::NonZero;
use std::thread;

use crate::assembly::Assembly;
use crate::batch::{Batch, Plan};
use crate::gearing::{Gearing, reduce};
use crate::history::History;
use crate::instructions::InstructionSet;
use crate::interrupt::Poll;
use crate::outcome::{Interrupted, Outcome};
use crate::phases::PhaseSeconds;
use crate::schedule::{Layout, clusters};
use crate::settings::Settings;
use crate::threads::run_all;
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
