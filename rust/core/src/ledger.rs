//! Which members of a batch still run, and how the others ended.

use crate::integrators::Motion;
use crate::lanes::exceeds;
use crate::outcome::{MemberOutcome, Status};
use crate::recorder::Recorder;
use crate::schedule::Layout;
use crate::settings::Settings;
use crate::system::System;

/// Who still runs, and how the others ended.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    layout: &'a Layout,
    runaway_limit: f64,
    ended: Vec<Option<MemberOutcome>>,
    pub(crate) running: usize,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(layout: &'a Layout, settings: &Settings, member_count: usize) -> Self {
        Self {
            layout,
            runaway_limit: settings.runaway_limit,
            ended: vec![None; member_count],
            running: member_count,
        }
    }

    /// Looks at the end of a step: does every member still obey its constraints and the runaway limit?
    pub(crate) fn check(&mut self, step: usize, system: &mut System, motion: &Motion) {
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
    pub(crate) fn close(
        self,
        system: &System,
        recorder: &mut Recorder<'_>,
        settings: &Settings,
    ) -> Vec<MemberOutcome> {
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
