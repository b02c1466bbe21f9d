//! The time loop of one batch: the members that are computed side by side.

use std::ops::Range;

use crate::aligned::Aligned;
use crate::assembly::{Assembly, Coefficients};
use crate::gearing::{GearedRows, Gearing};
use crate::history::History;
use crate::integrators::{Motion, euler_step, rk4_step, verlet_step};
use crate::interrupt::Watch;
use crate::ledger::Ledger;
use crate::outcome::{Interrupted, MemberOutcome};
use crate::phases::{Phase, PhaseSeconds};
use crate::recorder::Recorder;
use crate::schedule::layout::Occupant;
use crate::schedule::{Class, Layout};
use crate::settings::{Integrator, Settings};
use crate::system::System;
use crate::vector::{Instructions, publish};

/// What all batches of a run share.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The assembly as the time loop sees it, and as it was given.
    pub(crate) assembly: &'a Assembly,
    pub(crate) whole: &'a Assembly,
    pub(crate) gearing: &'a Gearing,
    pub(crate) classes: Vec<Class>,
    pub(crate) layout: Layout,
    pub(crate) settings: Settings,
}

/// One batch of members and their part of the buffers.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) members: Range<usize>,
    pub(crate) history: History<'a>,
}

/// What a batch reports.
pub(crate) type BatchOutcome = (Vec<MemberOutcome>, PhaseSeconds);

/// What a turn begins with.
#[derive(Debug)]
pub(crate) enum Work<'a> {
    Fresh(Batch<'a>),
    UnderWay(Box<Run<'a>>),
}

/// What a turn ends with.
#[derive(Debug)]
pub(crate) enum Turn<'a> {
    GoesOn(Box<Run<'a>>),
    Ended(BatchOutcome),
}

/// Takes at most so many steps of a batch.
pub(crate) fn take_turn<'a, I: Instructions>(
    plan: &'a Plan<'a>,
    work: Work<'a>,
    step_count: usize,
    watch: &mut Watch<'_>,
) -> Result<Turn<'a>, Interrupted> {
    let mut run = match work {
        Work::Fresh(batch) => Box::new(Run::start::<I>(plan, batch)),
        Work::UnderWay(run) => run,
    };
    run.advance::<I>(step_count, watch)?;
    let turn = if run.is_done() { Turn::Ended(run.finish::<I>()) } else { Turn::GoesOn(run) };
    publish();
    Ok(turn)
}

/// A batch under way: it can be left after any step, and go on on another thread.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    settings: &'a Settings,
    system: System,
    motion: Motion,
    recorder: Recorder<'a>,
    ledger: Ledger<'a>,
    step: usize,
    until_save: usize,
}

impl<'a> Run<'a> {
    /// Brings the initial state onto the constraints and records it.
    fn start<I: Instructions>(plan: &'a Plan<'a>, batch: Batch<'a>) -> Self {
        let Plan { assembly, layout, settings, .. } = plan;
        // Lanes without a member repeat the first one.
        let count = batch.members.len();
        let members: Vec<usize> =
            (0..layout.lanes).map(|lane| batch.members.start + if lane < count { lane } else { 0 }).collect();
        let geared = GearedRows::new(plan.whole, plan.gearing, layout, &members);
        let mut system = System::new::<I>(assembly, &plan.classes, geared, layout, &members, settings);
        let (position, velocity) = initial_state(plan, &members);
        let motion = Motion::new::<I>(&mut system, position, velocity);
        let recorder = Recorder::new(
            batch.history,
            layout,
            &members[..count],
            &plan.gearing.ratio,
            assembly.constraint_count(),
            settings.sample_count(),
        );
        let ledger = Ledger::new(layout, settings, count);
        let until_save = settings.save_every;
        let mut run = Self { settings, system, motion, recorder, ledger, step: 0, until_save };
        let Motion { position, velocity, .. } = &mut run.motion;
        run.system.project_initial::<I>(position, velocity, 0.0);
        run.ledger.check(0, &mut run.system, &run.motion);
        record::<I>(&mut run.system, &mut run.motion, &mut run.recorder);
        run
    }

    /// True if no member has a step left to take.
    fn is_done(&self) -> bool {
        self.step == self.settings.step_count || self.ledger.running == 0
    }

    /// Takes at most so many steps.
    fn advance<I: Instructions>(
        &mut self,
        step_count: usize,
        watch: &mut Watch<'_>,
    ) -> Result<(), Interrupted> {
        let Self { settings, system, motion, recorder, ledger, .. } = self;
        for _ in 0..step_count.min(settings.step_count - self.step) {
            if ledger.running == 0 {
                break;
            }
            self.step += 1;
            let step = self.step;
            watch.look(step)?;
            system.clock().start_step();
            match settings.integrator {
                Integrator::Rk4 => rk4_step::<I>(system, motion, settings.dt, step),
                Integrator::Verlet => verlet_step::<I>(system, motion, settings.dt, step),
                Integrator::Euler => euler_step::<I>(system, motion, settings.dt, step),
            }
            ledger.check(step, system, motion);
            self.until_save -= 1;
            if self.until_save == 0 {
                self.until_save = settings.save_every;
                record::<I>(system, motion, recorder);
            }
        }
        Ok(())
    }

    /// Writes what is left and tells how the members ended.
    fn finish<I: Instructions>(mut self) -> BatchOutcome {
        self.recorder.finish::<I>();
        let outcomes = self.ledger.close(&self.system, &mut self.recorder, self.settings);
        (outcomes, self.system.clock().seconds())
    }
}

fn initial_state(plan: &Plan<'_>, members: &[usize]) -> (Aligned, Aligned) {
    let layout = &plan.layout;
    let spread = |table: &Coefficients, ghosts_move: bool| {
        crate::elements::spread(layout, |occupant, lane| match occupant {
            Occupant::Coordinate(coordinate) => table.at(members[lane], coordinate),
            Occupant::Ghost(coordinate) if ghosts_move => table.at(members[lane], coordinate),
            _ => 0.0,
        })
    };
    (spread(&plan.assembly.initial_position, true), spread(&plan.assembly.initial_velocity, false))
}

fn record<I: Instructions>(system: &mut System, motion: &mut Motion, recorder: &mut Recorder<'_>) {
    if let Some(reactions) = recorder.next_reactions() {
        motion.reactions::<I>(system, reactions);
    }
    let length = motion.length;
    recorder.record::<I>(&motion.position[..length], &motion.velocity[..length]);
    system.clock().end(Phase::History);
}
