//! The time loop of one batch: the members that are computed side by side.

use std::ops::Range;

use crate::aligned::Aligned;
use crate::assembly::{Assembly, Coefficients};
use crate::gearing::{GearedRows, Gearing};
use crate::history::History;
use crate::integrators::{Motion, euler_step, rk4_step, verlet_step};
use crate::interrupt::Watch;
use crate::lanes::exceeds;
use crate::outcome::{Interrupted, MemberOutcome, Status};
use crate::phases::{Phase, PhaseSeconds};
use crate::recorder::Recorder;
use crate::schedule::layout::Occupant;
use crate::schedule::{Class, Layout};
use crate::settings::{Integrator, Settings};
use crate::system::System;
use crate::vector::Instructions;

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

/// Simulates a batch.
pub(crate) fn run<I: Instructions>(
    plan: &Plan<'_>,
    batch: Batch<'_>,
    watch: &mut Watch<'_>,
) -> Result<BatchOutcome, Interrupted> {
    let Plan { assembly, layout, settings, .. } = plan;
    // Lanes without a member repeat the first one.
    let count = batch.members.len();
    let members: Vec<usize> =
        (0..layout.lanes).map(|lane| batch.members.start + if lane < count { lane } else { 0 }).collect();
    let geared = GearedRows::new(plan.whole, plan.gearing, layout, &members);
    let mut system = System::new::<I>(assembly, &plan.classes, geared, layout, &members, settings);
    let (position, velocity) = initial_state(plan, &members);
    let mut motion = Motion::new::<I>(&mut system, position, velocity);
    let mut recorder = Recorder::new(
        batch.history,
        layout,
        &members[..count],
        &plan.gearing.ratio,
        assembly.constraint_count(),
        settings.sample_count(),
    );
    let mut ledger = Ledger::new(layout, settings, count);
    system.project_initial::<I>(&mut motion.position, &mut motion.velocity, 0.0);
    ledger.check(0, &mut system, &motion);
    record::<I>(&mut system, &mut motion, &mut recorder);
    let mut until_save = settings.save_every;
    for step in 1..=settings.step_count {
        if ledger.running == 0 {
            break;
        }
        watch.look(step)?;
        system.clock().start_step();
        match settings.integrator {
            Integrator::Rk4 => rk4_step::<I>(&mut system, &mut motion, settings.dt, step),
            Integrator::Verlet => verlet_step::<I>(&mut system, &mut motion, settings.dt, step),
            Integrator::Euler => euler_step::<I>(&mut system, &mut motion, settings.dt, step),
        }
        ledger.check(step, &mut system, &motion);
        until_save -= 1;
        if until_save == 0 {
            until_save = settings.save_every;
            record::<I>(&mut system, &mut motion, &mut recorder);
        }
    }
    recorder.finish::<I>();
    let outcomes = ledger.close(&system, &mut recorder, settings);
    Ok((outcomes, system.clock().seconds()))
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

/// Who still runs, and how the others ended.
struct Ledger<'a> {
    layout: &'a Layout,
    runaway_limit: f64,
    ended: Vec<Option<MemberOutcome>>,
    running: usize,
}

impl<'a> Ledger<'a> {
    fn new(layout: &'a Layout, settings: &Settings, member_count: usize) -> Self {
        Self {
            layout,
            runaway_limit: settings.runaway_limit,
            ended: vec![None; member_count],
            running: member_count,
        }
    }

    /// Looks at the end of a step: does every member still obey its constraints and the runaway limit?
    fn check(&mut self, step: usize, system: &mut System, motion: &Motion) {
        if system.alarm {
            system.alarm = false;
            self.end_members(step, system, motion);
        }
    }

    #[cold]
    fn end_members(&mut self, step: usize, system: &mut System, motion: &Motion) {
        let largest = system.largest_state.by_lane(self.layout.lanes);
        let newton_iterations = system.newton_iterations();
        for (lane, &largest) in largest.iter().enumerate().take(self.ended.len()) {
            let failure = system.failures[lane].take();
            let ran_away = exceeds(largest, self.runaway_limit);
            if self.ended[lane].is_some() || !(ran_away || failure.is_some()) {
                continue;
            }
            let (status, stop_index, stop_residual) = match failure {
                Some(failure) if failure.residual.is_finite() => {
                    (Status::NotConverged, Some(failure.constraint), failure.residual)
                }
                _ => (Status::Diverged, self.runaway_body(lane, motion), 0.0),
            };
            self.ended[lane] = Some(MemberOutcome {
                status,
                stop_step: step,
                stop_index,
                stop_residual,
                max_residual: system.max_residual.by_lane(self.layout.lanes)[lane],
                newton_iterations: newton_iterations[lane] as u64,
                force_evaluations: system.force_evaluations,
            });
            system.end_lane(lane);
            self.running -= 1;
        }
    }

    /// First body whose state is beyond the limit.
    fn runaway_body(&self, lane: usize, motion: &Motion) -> Option<usize> {
        let beyond = |&coordinate: &usize| {
            let at = self.layout.offset[coordinate] + lane;
            let beyond = |value: f64| exceeds(value.abs(), self.runaway_limit);
            beyond(motion.position[at]) || beyond(motion.velocity[at])
        };
        (0..self.layout.offset.len()).find(beyond).map(|coordinate| coordinate / 2)
    }

    /// The outcome of each member; samples after its end become NaN.
    fn close(self, system: &System, recorder: &mut Recorder<'_>, settings: &Settings) -> Vec<MemberOutcome> {
        let max_residual = system.max_residual.by_lane(self.layout.lanes);
        let newton_iterations = system.newton_iterations();
        let reached = |lane: usize| MemberOutcome {
            status: Status::Ok,
            stop_step: settings.step_count,
            stop_index: None,
            stop_residual: 0.0,
            max_residual: max_residual[lane],
            newton_iterations: newton_iterations[lane] as u64,
            force_evaluations: system.force_evaluations,
        };
        for (lane, ended) in self.ended.iter().enumerate() {
            if let Some(ended) = ended {
                recorder.erase(lane, ended.stop_step.div_ceil(settings.save_every));
            }
        }
        self.ended.iter().enumerate().map(|(lane, ended)| ended.unwrap_or_else(|| reached(lane))).collect()
    }
}
