//! Smoothed Coulomb friction of `Bearing` and `Load`: -torque tanh(v / slip_speed).

use super::State;
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::functions::tanh;
use crate::schedule::{Kernel, Layout, Runs};
use crate::vector::{Instructions, Vector};

#[derive(Debug)]
pub(crate) struct Frictions {
    runs: Runs<1>,
    /// Divided by M.
    torque: Aligned,
    slip_speed: Aligned,
}

impl Frictions {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Self {
        let table = &assembly.frictions;
        let runs = Runs::new(&super::singles(&table.index), layout);
        Self {
            torque: runs.expand_with(0.0, |item, lane| {
                table.torque.at(members[lane], item) / assembly.mass.at(members[lane], table.index[item])
            }),
            slip_speed: runs.expand(&table.slip_speed, members, 1.0),
            runs,
        }
    }

    #[inline(always)]
    pub(crate) fn add_accelerations<I: Instructions>(&self, state: State<'_>, acceleration: &mut [f64]) {
        self.runs.sweep::<I::Pack>(&mut Torque {
            torque: &self.torque,
            slip_speed: &self.slip_speed,
            state,
            acceleration,
        });
    }
}

struct Torque<'a> {
    torque: &'a [f64],
    slip_speed: &'a [f64],
    state: State<'a>,
    acceleration: &'a mut [f64],
}

impl<V: Vector> Kernel<V, 1> for Torque<'_> {
    #[inline(always)]
    fn apply(&mut self, [at]: [usize; 1], item: usize) {
        let slip = V::load(self.state.velocity, at) / V::load(self.slip_speed, item);
        let torque = V::load(self.torque, item) * tanh(slip);
        (-torque).add_to(self.acceleration, at);
    }
}
