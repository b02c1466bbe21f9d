//! Clusters of one class side by side, in columns of one pack, of half a pack if they are few, or of a single value for a
//! lone cluster.

use crate::aligned::Aligned;
use crate::schedule::{Class, Cluster, Layout};
use crate::vector::{HALF, PACK};

/// Values in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Single = 1,
    Half = HALF as isize,
    Pack = PACK as isize,
}

/// Calls a method that is generic over the vectors of a column with those of an instruction set that have a width.
macro_rules! at_width {
    ($width:expr, $instructions:ident, $object:ident.$method:ident($($argument:expr),*)) => {
        match $width {
            $crate::solver::Width::Single => { $object.$method::<$instructions::Single>($($argument),*); }
            $crate::solver::Width::Half => { $object.$method::<$instructions::Half>($($argument),*); }
            $crate::solver::Width::Pack => { $object.$method::<$instructions::Pack>($($argument),*); }
        }
    };
}
pub(crate) use at_width;

/// How the clusters of a class are spread over columns.
#[derive(Clone, Debug)]
pub(crate) struct Bank {
    pub(crate) width: Width,
    pub(crate) column_count: usize,
    /// Place of each local coordinate of the first column in the state vectors.
    pub(crate) places: Vec<usize>,
    lanes: usize,
    cluster_count: usize,
}

impl Bank {
    pub(crate) fn new(class: &Class, layout: &Layout) -> Self {
        let slots = class.clusters.len() * layout.lanes;
        let width = match slots {
            _ if !layout.is_packed(class) => Width::Single,
            ..=HALF => Width::Half,
            _ => Width::Pack,
        };
        let first = class.clusters.first();
        let places = first.map_or(Vec::new(), |cluster| {
            cluster.coordinates.iter().map(|&coordinate| layout.offset[coordinate]).collect()
        });
        Self {
            width,
            column_count: slots.div_ceil(width as usize),
            places,
            lanes: layout.lanes,
            cluster_count: class.clusters.len(),
        }
    }

    /// Values in a column.
    pub(crate) fn width(&self) -> usize {
        self.width as usize
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
