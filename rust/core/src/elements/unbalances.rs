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
    moment: Aligned,
    angle: Aligned,
}

impl Unbalances {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Self {
        let table = &assembly.unbalances;
        let runs = Runs::new(&super::singles(&table.index), layout);
        Self {
            moment: runs.expand(&table.moment, members, 0.0),
            angle: runs.expand(&table.angle, members, 0.0),
            runs,
        }
    }

    #[inline(always)]
    pub(crate) fn add_forces<I: Instructions>(&self, state: State<'_>, force: &mut [f64]) {
        self.runs.sweep::<I>(&mut Gravity { moment: &self.moment, angle: &self.angle, state, force });
    }
}

struct Gravity<'a> {
    moment: &'a [f64],
    angle: &'a [f64],
    state: State<'a>,
    force: &'a mut [f64],
}

impl Kernel<1> for Gravity<'_> {
    #[inline(always)]
    fn apply<V: Vector>(&mut self, [at]: [usize; 1], item: usize) {
        let angle = V::load(self.state.position, at) - V::load(self.angle, item);
        let moment = V::load(self.moment, item) * sin_cos(angle).0;
        (-moment).add_to(self.force, at);
    }
}
