//! `ElasticShaft`: T = k (q_a - q_b - offset) + c (v_a - v_b); -T on a, +T on b.

use super::State;
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::{Kernel, Layout, Runs};
use crate::vector::{Instructions, PACK, Vector};

#[derive(Debug)]
pub(crate) struct Springs {
    runs: Runs<2>,
    stiffness: Aligned,
    damping: Aligned,
    offset: Aligned,
    /// Ratio, and ratio / M, of each end; the latter as the accelerations stand.
    ratio: [Aligned; 2],
    mobility: [Aligned; 2],
    geared: bool,
}

impl Springs {
    pub(crate) fn new(assembly: &Assembly, layout: &Layout, members: &[usize]) -> Self {
        let table = &assembly.springs;
        let ends: Vec<[usize; 2]> = table.index_a.iter().zip(&table.index_b).map(|(&a, &b)| [a, b]).collect();
        let runs = Runs::new(&ends, layout).with_carry();
        let ratio = |end: usize, item: usize, member: usize| {
            table.ratio.as_ref().map_or(1.0, |ratio| ratio[end].at(member, item))
        };
        let mobility = |end: usize, item: usize, member: usize| {
            ratio(end, item, member) / assembly.mass.at(member, ends[item][end])
        };
        Self {
            stiffness: runs.expand(&table.stiffness, members, 0.0),
            damping: runs.expand(&table.damping, members, 0.0),
            offset: runs.expand(&table.offset, members, 0.0),
            ratio: std::array::from_fn(|end| {
                runs.expand_with(0.0, |item, lane| ratio(end, item, members[lane]))
            }),
            mobility: [
                runs.expand_with(0.0, |item, lane| mobility(0, item, members[lane])),
                runs.expand_shifted(1, |item, lane| mobility(1, item, members[lane])),
            ],
            geared: table.ratio.is_some(),
            runs,
        }
    }

    #[inline(always)]
    pub(crate) fn add_accelerations<I: Instructions>(&self, state: State<'_>, acceleration: &mut [f64]) {
        if self.geared {
            self.sweep::<I::Pack, true>(state, acceleration);
        } else {
            self.sweep::<I::Pack, false>(state, acceleration);
        }
    }

    #[inline(always)]
    fn sweep<V: Vector, const GEARED: bool>(&self, state: State<'_>, acceleration: &mut [f64]) {
        let carry = V::splat(0.0);
        self.runs.sweep(&mut Torque::<V, GEARED> { springs: self, state, carry, acceleration });
    }
}

struct Torque<'a, V, const GEARED: bool> {
    springs: &'a Springs,
    state: State<'a>,
    /// Torques of the pack before, the last of which act on the first ends of this one.
    carry: V,
    acceleration: &'a mut [f64],
}

impl<V: Vector, const GEARED: bool> Kernel<V, 2> for Torque<'_, V, GEARED> {
    #[inline(always)]
    fn apply(&mut self, [a, b]: [usize; 2], item: usize) {
        let State { position, velocity } = self.state;
        let Springs { stiffness, damping, offset, ratio, mobility, .. } = self.springs;
        let (mut twist, mut rate) = (V::load_across(position, b), V::load_across(velocity, b));
        if GEARED {
            let (ratio_a, ratio_b) = (V::load(&ratio[0], item), V::load(&ratio[1], item));
            twist = V::load(position, a) * ratio_a - twist * ratio_b;
            rate = V::load(velocity, a) * ratio_a - rate * ratio_b;
        } else {
            twist = V::load(position, a) - twist;
            rate = V::load(velocity, a) - rate;
        }
        let resistance = rate * V::load(damping, item);
        let torque = (twist - V::load(offset, item)).mul_add(V::load(stiffness, item), resistance);
        (-torque * V::load(&mobility[0], item)).add_to(self.acceleration, a);
        let (mut acting, shift) = (torque, b % PACK);
        if shift > 0 {
            acting = self.carry.across(torque, PACK - shift);
            self.carry = torque;
        }
        (acting * V::load(&mobility[1], item)).add_to(self.acceleration, b - shift);
    }
}
