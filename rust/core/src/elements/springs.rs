//! `ElasticShaft`: T = k (q_a - q_b - offset) + c (v_a - v_b); -T on a, +T on b.

use super::State;
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::{Kernel, Layout, Runs};
use crate::vector::{Instructions, Vector};

#[derive(Debug)]
pub(crate) struct Springs {
    runs: Runs<2>,
    stiffness: Aligned,
    damping: Aligned,
    offset: Aligned,
    /// 1 / M of each end.
    inverse_mass: [Aligned; 2],
}

impl Springs {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Self {
        let table = &assembly.springs;
        let ends: Vec<[usize; 2]> = table.index_a.iter().zip(&table.index_b).map(|(&a, &b)| [a, b]).collect();
        let runs = Runs::new(&ends, layout);
        Self {
            stiffness: runs.expand(&table.stiffness, members, 0.0),
            damping: runs.expand(&table.damping, members, 0.0),
            offset: runs.expand(&table.offset, members, 0.0),
            inverse_mass: std::array::from_fn(|end| {
                runs.expand_with(0.0, |item, lane| 1.0 / assembly.mass.at(members[lane], ends[item][end]))
            }),
            runs,
        }
    }

    #[inline(always)]
    pub(crate) fn add_accelerations<I: Instructions>(&self, state: State<'_>, acceleration: &mut [f64]) {
        self.runs.sweep::<I>(&mut Torque {
            stiffness: &self.stiffness,
            damping: &self.damping,
            offset: &self.offset,
            inverse_mass: self.inverse_mass.each_ref().map(|end| &end[..]),
            state,
            acceleration,
        });
    }
}

struct Torque<'a> {
    stiffness: &'a [f64],
    damping: &'a [f64],
    offset: &'a [f64],
    state: State<'a>,
    inverse_mass: [&'a [f64]; 2],
    acceleration: &'a mut [f64],
}

impl Kernel<2> for Torque<'_> {
    #[inline(always)]
    fn apply<V: Vector>(&mut self, [a, b]: [usize; 2], item: usize) {
        let State { position, velocity } = self.state;
        let twist = V::load(position, a) - V::load(position, b) - V::load(self.offset, item);
        let rate = V::load(velocity, a) - V::load(velocity, b);
        let damping = rate * V::load(self.damping, item);
        let torque = twist.mul_add(V::load(self.stiffness, item), damping);
        (-torque * V::load(self.inverse_mass[0], item)).add_to(self.acceleration, a);
        (torque * V::load(self.inverse_mass[1], item)).add_to(self.acceleration, b);
    }
}
