//! `ElasticMesh`: x = direction . q, F = k dead(x; backlash) + c xdot (c only in contact), -F direction on q.

use super::State;
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::{Kernel, Layout, Runs};
use crate::vector::{Instructions, Vector};

#[derive(Debug)]
pub(crate) struct Meshes {
    runs: Runs<4>,
    direction: [Aligned; 4],
    /// Direction divided by M.
    change: [Aligned; 4],
    stiffness: Aligned,
    damping: Aligned,
    /// Half the backlash.
    play: Aligned,
}

impl Meshes {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Self {
        let table = &assembly.meshes;
        let runs = Runs::new(&table.index, layout);
        let direction = std::array::from_fn(|column| {
            runs.expand_with(0.0, |item, lane| table.direction.at(members[lane], 4 * item + column))
        });
        let change = std::array::from_fn(|column| {
            runs.expand_with(0.0, |item, lane| {
                let direction = table.direction.at(members[lane], 4 * item + column);
                direction / assembly.mass.at(members[lane], table.index[item][column])
            })
        });
        Self {
            direction,
            change,
            stiffness: runs.expand(&table.stiffness, members, 0.0),
            damping: runs.expand(&table.damping, members, 0.0),
            play: runs.expand_with(0.0, |item, lane| 0.5 * table.backlash.at(members[lane], item)),
            runs,
        }
    }

    #[inline(always)]
    pub(crate) fn add_accelerations<I: Instructions>(&self, state: State<'_>, acceleration: &mut [f64]) {
        self.runs.sweep::<I::Pack>(&mut Contact { meshes: self, state, acceleration });
    }
}

struct Contact<'a> {
    meshes: &'a Meshes,
    state: State<'a>,
    acceleration: &'a mut [f64],
}

impl<V: Vector> Kernel<V, 4> for Contact<'_> {
    #[inline(always)]
    fn apply(&mut self, at: [usize; 4], item: usize) {
        let direction: [V; 4] = std::array::from_fn(|j| V::load(&self.meshes.direction[j], item));
        let along = |values: &[f64]| {
            let mut sum = V::splat(0.0);
            for j in 0..4 {
                sum = direction[j].mul_add(V::load(values, at[j]), sum);
            }
            sum
        };
        let (x, rate) = (along(self.state.position), along(self.state.velocity));
        let play = V::load(&self.meshes.play, item);
        let (gap, zero) = (x.abs() - play, V::splat(0.0));
        let depth = gap.select_less(zero, zero, gap.with_sign_of(x));
        let damped = gap.select_less(zero, zero, V::load(&self.meshes.damping, item) * rate);
        let contact = V::load(&self.meshes.stiffness, item).mul_add(depth, damped);
        for (change, at) in self.meshes.change.iter().zip(at) {
            (-contact * V::load(change, item)).add_to(self.acceleration, at);
        }
    }
}
