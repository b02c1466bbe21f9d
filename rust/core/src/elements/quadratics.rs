//! Quadratic resistance of `Load`: -coefficient v abs(v).

use super::State;
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::{Kernel, Layout, Runs};
use crate::vector::{Instructions, Vector};

#[derive(Debug)]
pub(crate) struct Quadratics {
    runs: Runs<1>,
    /// Divided by M.
    coefficient: Aligned,
}

impl Quadratics {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Self {
        let table = &assembly.quadratics;
        let runs = Runs::new(&super::singles(&table.index), layout);
        Self {
            coefficient: runs.expand_with(0.0, |item, lane| {
                table.coefficient.at(members[lane], item) / assembly.mass.at(members[lane], table.index[item])
            }),
            runs,
        }
    }

    #[inline(always)]
    pub(crate) fn add_accelerations<I: Instructions>(&self, state: State<'_>, acceleration: &mut [f64]) {
        self.runs.sweep::<I::Pack>(&mut Resistance { coefficient: &self.coefficient, state, acceleration });
    }
}

struct Resistance<'a> {
    coefficient: &'a [f64],
    state: State<'a>,
    acceleration: &'a mut [f64],
}

impl<V: Vector> Kernel<V, 1> for Resistance<'_> {
    #[inline(always)]
    fn apply(&mut self, [at]: [usize; 1], item: usize) {
        let v = V::load(self.state.velocity, at);
        let resistance = V::load(self.coefficient, item) * v * v.abs();
        (-resistance).add_to(self.acceleration, at);
    }
}
