//! The linear algebra of the constraints: S = G M^-1 G^T of each cluster, factored without fill-in where the
//! cluster is a tree.

mod bank;
mod factors;
mod few;
mod pattern;
mod rows;

pub(crate) use bank::{Bank, Width, at_width};
pub(crate) use pattern::Pattern;
pub(crate) use rows::{ENTRIES, RowPlaces};
