//! `Unbalance`, gravity on an eccentric mass: -moment sin(q - angle).

use super::State;
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::functions::sin_cos;
use crate::schedule::{Kernel, Layout, Runs};
use crate::vector::{Instructions, Vector};

#[derive(Debug)]
pub(crate) struct Unbalances {
    runs: Runs<1>,
    /// Divided by M.
    moment: Aligned,
    angle: Aligned,
    ratio: Aligned,
}

impl Unbalances {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Self {
        let table = &assembly.unbalances;
        let runs = Runs::new(&super::singles(&table.index), layout);
        Self {
            moment: runs.expand_with(0.0, |item, lane| {
                table.moment.at(members[lane], item) / assembly.mass.at(members[lane], table.index[item])
            }),
            angle: runs.expand(&table.angle, members, 0.0),
            ratio: runs.expand_with(0.0, |item, lane| {
                table.ratio.as_ref().map_or(1.0, |ratio| ratio.at(members[lane], item))
            }),
            runs,
        }
    }

    #[inline(always)]
    pub(crate) fn add_accelerations<I: Instructions>(&self, state: State<'_>, acceleration: &mut [f64]) {
        self.runs.sweep::<I::Pack>(&mut Gravity { unbalances: self, state, acceleration });
    }
}

struct Gravity<'a> {
    unbalances: &'a Unbalances,
    state: State<'a>,
    acceleration: &'a mut [f64],
}

impl<V: Vector> Kernel<V, 1> for Gravity<'_> {
    #[inline(always)]
    fn apply(&mut self, [at]: [usize; 1], item: usize) {
        let Unbalances { moment, angle, ratio, .. } = self.unbalances;
        let position = V::load(self.state.position, at) * V::load(ratio, item);
        let moment = V::load(moment, item) * sin_cos(position - V::load(angle, item)).0;
        (-moment).add_to(self.acceleration, at);
    }
}
