//! Bodies that are geared rigidly together share one coordinate.
//!
//! Linear rows that leave a cluster one degree of freedom say that all its coordinates are multiples of one of them,
//! the leader: q_i = r_i q_leader. The time loop then knows the leader alone ([`reduce`]), with the inertia and the
//! forces of all; the others, its followers, exist only where they are recorded.

mod reduce;
mod residual;

pub(crate) use reduce::reduce;
pub(crate) use residual::GearedRows;

use std::collections::{HashMap, HashSet, VecDeque};

use crate::assembly::{Assembly, Coefficients};
use crate::schedule::clusters::classes;
use crate::schedule::{Cluster, Row};

/// Which coordinate leads each coordinate, and the ratio between them.
#[derive(Clone, Debug)]
pub(crate) struct Gearing {
    pub(crate) leader: Vec<usize>,
    /// q = ratio q_leader; 1 for a coordinate that leads itself.
    pub(crate) ratio: Coefficients,
    /// Rows that hold by themselves now.
    pub(crate) rows: Vec<Row>,
}

impl Gearing {
    /// Each coordinate leads itself.
    pub(crate) fn none(assembly: &Assembly) -> Self {
        let count = assembly.coordinate_count();
        Self { leader: (0..count).collect(), ratio: vec![1.0; count].into(), rows: Vec::new() }
    }

    /// Finds the clusters of an assembly whose coordinates are multiples of each other.
    pub(crate) fn find(assembly: &Assembly) -> Self {
        let mut gearing = Self::none(assembly);
        let geared: Vec<(Cluster, Vec<usize>)> = classes(assembly)
            .into_iter()
            .filter(|class| class.shape.is_linear() && class.shape.has_one_freedom())
            .flat_map(|class| class.clusters)
            .filter(|cluster| cluster.rows.iter().all(|row| is_homogeneous(assembly, row)))
            .filter_map(|cluster| order(&cluster).map(|order| (cluster, order)))
            .collect();
        let varies = assembly.linear_rows.direction.varies();
        let member_count = if varies { assembly.member_count } else { 1 };
        let mut ratios: Vec<f64> = vec![1.0; member_count * assembly.coordinate_count()];
        for (cluster, order) in geared {
            let leader = gearing.lead(assembly, &cluster, &order);
            for (member, ratio) in ratios.chunks_exact_mut(assembly.coordinate_count()).enumerate() {
                let multiples = multiples(assembly, &cluster, &order, member);
                for (coordinate, multiple) in cluster.coordinates.iter().zip(&multiples) {
                    ratio[*coordinate] = multiple / multiples[leader];
                }
            }
            gearing.rows.extend(cluster.rows);
        }
        gearing.ratio = Coefficients::new(ratios, assembly.coordinate_count());
        gearing
    }

    /// Makes the fastest coordinate of a cluster its leader, so that no ratio is beyond 1; tells which it is.
    fn lead(&mut self, assembly: &Assembly, cluster: &Cluster, order: &[usize]) -> usize {
        let multiples = multiples(assembly, cluster, order, 0);
        let fastest = |&one: &usize, &other: &usize| multiples[one].abs().total_cmp(&multiples[other].abs());
        let leader = (0..multiples.len()).rev().max_by(fastest).unwrap_or_default();
        for &coordinate in &cluster.coordinates {
            self.leader[coordinate] = cluster.coordinates[leader];
        }
        leader
    }
}

/// True if a row has no offset and no rate for any member.
fn is_homogeneous(assembly: &Assembly, row: &Row) -> bool {
    assembly.linear_rows.offset.is_zero(row.item) && assembly.linear_rows.rate.is_zero(row.item)
}

/// Rows in an order in which each knows all but one of its coordinates, if there is one, starting from the first
/// coordinate of the first row.
fn order(cluster: &Cluster) -> Option<Vec<usize>> {
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    for (number, row) in cluster.rows.iter().enumerate() {
        row.coordinates.iter().for_each(|&coordinate| users.entry(coordinate).or_default().push(number));
    }
    let mut unknown: Vec<usize> = cluster.rows.iter().map(|row| row.coordinates.len()).collect();
    let mut known = HashSet::new();
    let mut order = Vec::new();
    let mut next = VecDeque::from([*cluster.coordinates.first()?]);
    while let Some(coordinate) = next.pop_front() {
        if !known.insert(coordinate) {
            continue;
        }
        for &row in &users[&coordinate] {
            unknown[row] -= 1;
            if unknown[row] == 1 {
                order.push(row);
                next.extend(cluster.rows[row].coordinates.iter().filter(|c| !known.contains(c)));
            }
        }
    }
    (order.len() == cluster.rows.len()).then_some(order)
}

/// The coordinates of a cluster as multiples of the first.
fn multiples(assembly: &Assembly, cluster: &Cluster, order: &[usize], member: usize) -> Vec<f64> {
    let place: HashMap<usize, usize> =
        cluster.coordinates.iter().enumerate().map(|(place, &coordinate)| (coordinate, place)).collect();
    let mut multiples = vec![f64::NAN; cluster.coordinates.len()];
    multiples[0] = 1.0;
    for &row in order {
        let row = &cluster.rows[row];
        let (mut sum, mut unknown) = (0.0, (0, f64::NAN));
        for (entry, coordinate) in row.coordinates.iter().enumerate() {
            let gradient = entry_of(assembly, row, entry, member);
            match multiples[place[coordinate]] {
                multiple if multiple.is_nan() => unknown = (place[coordinate], gradient),
                multiple => sum += gradient * multiple,
            }
        }
        multiples[unknown.0] = -sum / unknown.1;
    }
    multiples
}

/// An entry of a linear row.
fn entry_of(assembly: &Assembly, row: &Row, entry: usize, member: usize) -> f64 {
    assembly.linear_rows.direction.at(member, 4 * row.item + row.columns[entry])
}
