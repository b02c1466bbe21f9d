//! What rounding leaves of the rows that geared bodies obey by themselves.

use super::{Gearing, entry_of};
use crate::aligned::Aligned;
use crate::assembly::Assembly;
use crate::schedule::{Kernel, Layout, Runs};
use crate::vector::Vector;

/// Entries of a row, filled up with zeros.
const ENTRIES: usize = 4;

/// The rows of the clusters that share a coordinate.
#[derive(Debug)]
pub(crate) struct GearedRows {
    /// Place of the leader.
    runs: Runs<1>,
    gradient: [Aligned; ENTRIES],
    ratio: [Aligned; ENTRIES],
}

impl GearedRows {
    pub(crate) fn new(assembly: &Assembly, gearing: &Gearing, layout: &Layout, members: &[usize]) -> Self {
        let rows = &gearing.rows;
        let leaders: Vec<[usize; 1]> = rows.iter().map(|row| [gearing.leader[row.coordinates[0]]]).collect();
        let runs = Runs::new(&leaders, layout);
        let entries = |value: &dyn Fn(usize, usize, usize) -> f64| {
            std::array::from_fn(|entry| {
                runs.expand_with(0.0, |row, lane| {
                    if entry < rows[row].coordinates.len() { value(row, entry, members[lane]) } else { 0.0 }
                })
            })
        };
        Self {
            gradient: entries(&|row, entry, member| entry_of(assembly, &rows[row], entry, member)),
            ratio: entries(&|row, entry, member| gearing.ratio.at(member, rows[row].coordinates[entry])),
            runs,
        }
    }

    /// The largest residual of positions as they are recorded, or `largest`.
    #[inline(always)]
    pub(crate) fn residual<V: Vector>(&self, position: &[f64], largest: V) -> V {
        let mut residual = Residual { rows: self, position, largest };
        self.runs.sweep(&mut residual);
        residual.largest
    }
}

struct Residual<'a, V> {
    rows: &'a GearedRows,
    position: &'a [f64],
    largest: V,
}

impl<V: Vector> Kernel<V, 1> for Residual<'_, V> {
    #[inline(always)]
    fn apply(&mut self, [at]: [usize; 1], item: usize) {
        let leader = V::load(self.position, at);
        let mut sum = V::splat(0.0);
        for entry in 0..ENTRIES {
            let position = leader * V::load(&self.rows.ratio[entry], item);
            sum = V::load(&self.rows.gradient[entry], item).mul_add(position, sum);
        }
        self.largest = self.largest.max(sum.abs());
    }
}
