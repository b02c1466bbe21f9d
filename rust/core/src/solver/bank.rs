//! Clusters of one class side by side, in columns of one pack (or of a single value for a lone cluster).

use crate::aligned::Aligned;
use crate::schedule::{Class, Cluster, Layout};
use crate::vector::PACK;

/// How the clusters of a class are spread over columns.
#[derive(Clone, Debug)]
pub(crate) struct Bank {
    /// True if a column is a pack.
    pub(crate) packed: bool,
    pub(crate) column_count: usize,
    /// Place of each local coordinate of the first column in the state vectors.
    pub(crate) places: Vec<usize>,
    lanes: usize,
    cluster_count: usize,
}

impl Bank {
    pub(crate) fn new(class: &Class, layout: &Layout) -> Self {
        let packed = layout.is_packed(class);
        let width = class.clusters.len() * layout.lanes;
        let first = class.clusters.first();
        let places = first.map_or(Vec::new(), |cluster| {
            cluster.coordinates.iter().map(|&coordinate| layout.offset[coordinate]).collect()
        });
        Self {
            packed,
            column_count: if packed { width.div_ceil(PACK) } else { 1 },
            places,
            lanes: layout.lanes,
            cluster_count: class.clusters.len(),
        }
    }

    /// Values in a column.
    pub(crate) fn width(&self) -> usize {
        if self.packed { PACK } else { 1 }
    }

    /// Cluster and lane at each place of a row of columns; None where the last column is filled up.
    pub(crate) fn slot(&self, column: usize, within: usize) -> Option<(usize, usize)> {
        let slot = column * self.width() + within;
        let cluster = slot / self.lanes;
        (cluster < self.cluster_count).then_some((cluster, slot % self.lanes))
    }

    /// `count` coefficients of each cluster as `[column][coefficient][value]`. Where the last column is filled
    /// up, the last cluster is repeated: ghosts that obey the same constraints and feel no force.
    pub(crate) fn expand(
        &self,
        class: &Class,
        members: &[usize],
        count: usize,
        value: impl Fn(&Cluster, usize, usize) -> f64,
    ) -> Aligned {
        let width = self.width();
        let mut expanded = Aligned::zeros(self.column_count * count * width);
        for (place, target) in expanded.iter_mut().enumerate() {
            let (row, within) = (place / width, place % width);
            let (column, coefficient) = (row / count, row % count);
            let (cluster, lane) = self.slot(column, within).unwrap_or((self.cluster_count - 1, 0));
            *target = value(&class.clusters[cluster], coefficient, members[lane]);
        }
        expanded
    }
}

impl Bank {
    /// Calls `visit(constraint number, lane, place)` for each row of a column, ghosts left out; `place` is where
    /// the row's value stands in `[row][value]`.
    pub(crate) fn for_each_row(
        &self,
        column: usize,
        numbers: &[Vec<usize>],
        mut visit: impl FnMut(usize, usize, usize),
    ) {
        for within in 0..self.width() {
            if let Some((cluster, lane)) = self.slot(column, within) {
                for (row, &number) in numbers[cluster].iter().enumerate() {
                    visit(number, lane, row * self.width() + within);
                }
            }
        }
    }
}
