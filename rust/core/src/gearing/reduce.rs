//! The assembly that the leaders see.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Gearing;
use crate::assembly::{
    Assembly, Coefficients, Excitations, Frictions, LinearRows, Meshes, Quadratics, Sails, Springs,
    Unbalances,
};

/// Replaces followers by their leaders: r^2 of a mass, r of a force, r of a speed.
pub(crate) fn reduce<'a>(assembly: &'a Assembly, gearing: &Gearing) -> Cow<'a, Assembly> {
    if gearing.rows.is_empty() {
        return Cow::Borrowed(assembly);
    }
    let to = Reduction { assembly, gearing };
    Cow::Owned(Assembly {
        mass: to.gathered(&assembly.mass, 2),
        initial_position: to.state(&assembly.initial_position),
        initial_velocity: to.state(&assembly.initial_velocity),
        stiffness: to.gathered(&assembly.stiffness, 2),
        damping: to.gathered(&assembly.damping, 2),
        constant_force: to.gathered(&assembly.constant_force, 1),
        springs: to.springs(),
        frictions: to.frictions(),
        quadratics: to.quadratics(),
        excitations: to.excitations(),
        sails: to.sails(),
        unbalances: to.unbalances(),
        meshes: to.meshes(),
        linear_rows: to.linear_rows(),
        elimination_order: to.elimination_order(),
        ..assembly.clone()
    })
}

struct Reduction<'a> {
    assembly: &'a Assembly,
    gearing: &'a Gearing,
}

impl Reduction<'_> {
    fn leaders(&self, index: &[usize]) -> Vec<usize> {
        index.iter().map(|&coordinate| self.gearing.leader[coordinate]).collect()
    }

    /// A coefficient of each element times a function of the ratio of its coordinate.
    fn scaled(&self, table: &Coefficients, index: &[usize], scale: impl Fn(f64) -> f64) -> Coefficients {
        let ratio = &self.gearing.ratio;
        let members = self.member_count(table.varies() || ratio.varies());
        let scaled = (0..members).flat_map(|member| {
            let scale = &scale;
            index
                .iter()
                .enumerate()
                .map(move |(item, &coordinate)| table.at(member, item) * scale(ratio.at(member, coordinate)))
        });
        Coefficients::new(scaled.collect(), index.len())
    }

    fn member_count(&self, varies: bool) -> usize {
        if varies { self.assembly.member_count } else { 1 }
    }

    /// Sums over the followers of each leader, times a power of the ratio; zero for the followers themselves.
    fn gathered(&self, table: &Coefficients, power: i32) -> Coefficients {
        let (leader, ratio) = (&self.gearing.leader, &self.gearing.ratio);
        let members = self.member_count(table.varies() || ratio.varies());
        let mut gathered = vec![0.0; members * leader.len()];
        for (member, sums) in gathered.chunks_exact_mut(leader.len()).enumerate() {
            for (coordinate, &leader) in leader.iter().enumerate() {
                sums[leader] += ratio.at(member, coordinate).powi(power) * table.at(member, coordinate);
            }
        }
        Coefficients::new(gathered, leader.len())
    }

    /// The leaders' part of a state: mass-weighted projection onto q = r q_leader.
    fn state(&self, table: &Coefficients) -> Coefficients {
        let (leader, ratio, mass) = (&self.gearing.leader, &self.gearing.ratio, &self.assembly.mass);
        let members = self.member_count(table.varies() || ratio.varies() || mass.varies());
        let mut state = vec![0.0; members * leader.len()];
        for (member, state) in state.chunks_exact_mut(leader.len()).enumerate() {
            let mut weight = vec![0.0; leader.len()];
            for (coordinate, &leader) in leader.iter().enumerate() {
                let (ratio, mass) = (ratio.at(member, coordinate), mass.at(member, coordinate));
                state[leader] += ratio * mass * table.at(member, coordinate);
                weight[leader] += ratio * ratio * mass;
            }
            for (state, weight) in state.iter_mut().zip(weight).filter(|(_, weight)| *weight > 0.0) {
                *state /= weight;
            }
        }
        Coefficients::new(state, leader.len())
    }

    fn springs(&self) -> Springs {
        let springs = &self.assembly.springs;
        let ones: Coefficients = vec![1.0; springs.index_a.len()].into();
        let ratio = |index: &[usize]| self.scaled(&ones, index, |ratio| ratio);
        Springs {
            index_a: self.leaders(&springs.index_a),
            index_b: self.leaders(&springs.index_b),
            ratio: Some([ratio(&springs.index_a), ratio(&springs.index_b)]),
            ..springs.clone()
        }
    }

    /// -torque tanh(r v / slip_speed) r, which does not know the sign of r.
    fn frictions(&self) -> Frictions {
        let Frictions { index, torque, slip_speed } = &self.assembly.frictions;
        Frictions {
            torque: self.scaled(torque, index, f64::abs),
            slip_speed: self.scaled(slip_speed, index, |ratio| 1.0 / ratio.abs()),
            index: self.leaders(index),
        }
    }

    fn quadratics(&self) -> Quadratics {
        let Quadratics { index, coefficient } = &self.assembly.quadratics;
        let coefficient = self.scaled(coefficient, index, |ratio| ratio.abs().powi(3));
        Quadratics { coefficient, index: self.leaders(index) }
    }

    fn excitations(&self) -> Excitations {
        let excitations = &self.assembly.excitations;
        Excitations {
            amplitude: self.scaled(&excitations.amplitude, &excitations.index, |ratio| ratio),
            index: self.leaders(&excitations.index),
            ..excitations.clone()
        }
    }

    fn sails(&self) -> Sails {
        let sails = &self.assembly.sails;
        Sails {
            lift: self.scaled(&sails.lift, &sails.index, |ratio| ratio),
            slope: self.scaled(&sails.slope, &sails.index, |ratio| ratio),
            index: self.leaders(&sails.index),
            ..sails.clone()
        }
    }

    fn unbalances(&self) -> Unbalances {
        let unbalances = &self.assembly.unbalances;
        let ones: Coefficients = vec![1.0; unbalances.index.len()].into();
        Unbalances {
            moment: self.scaled(&unbalances.moment, &unbalances.index, |ratio| ratio),
            ratio: Some(self.scaled(&ones, &unbalances.index, |ratio| ratio)),
            index: self.leaders(&unbalances.index),
            ..unbalances.clone()
        }
    }

    fn meshes(&self) -> Meshes {
        let meshes = &self.assembly.meshes;
        let index = meshes.index.as_flattened();
        Meshes {
            direction: self.scaled(&meshes.direction, index, |ratio| ratio),
            index: meshes.index.iter().map(|index| index.map(|c| self.gearing.leader[c])).collect(),
            ..meshes.clone()
        }
    }

    /// The rows that are left.
    fn linear_rows(&self) -> LinearRows {
        let rows = &self.assembly.linear_rows;
        let gone = self.eliminated();
        let left: Vec<usize> = (0..rows.row.len()).filter(|&item| !gone.contains(&rows.row[item])).collect();
        let entries: Vec<usize> = left.iter().flat_map(|item| (0..4).map(move |e| 4 * item + e)).collect();
        LinearRows {
            row: left.iter().map(|&item| rows.row[item]).collect(),
            index: left.iter().map(|&item| rows.index[item]).collect(),
            direction: self.chosen(&rows.direction, &entries),
            offset: self.chosen(&rows.offset, &left),
            rate: self.chosen(&rows.rate, &left),
        }
    }

    fn chosen(&self, table: &Coefficients, items: &[usize]) -> Coefficients {
        let members = 0..self.member_count(table.varies());
        let values = members.flat_map(|member| items.iter().map(move |&item| table.at(member, item)));
        Coefficients::new(values.collect(), items.len())
    }

    fn elimination_order(&self) -> Vec<usize> {
        let gone = self.eliminated();
        self.assembly.elimination_order.iter().filter(|row| !gone.contains(row)).copied().collect()
    }

    fn eliminated(&self) -> HashSet<usize> {
        self.gearing.rows.iter().map(|row| row.number).collect()
    }
}
