//! From an assembly to the order in which the time loop walks through it.
//!
//! Everything here depends on the structure alone, never on coefficients, and happens once per run:
//! constraint rows fall into clusters, clusters of the same shape into classes ([`clusters`]); coordinates
//! get their place in the state vectors ([`layout`]); elements whose coordinates follow each other become
//! runs ([`runs`]).

pub(crate) mod clusters;
pub(crate) mod layout;
pub(crate) mod runs;

pub(crate) use clusters::{Class, Cluster, Row, RowKind, Shape};
pub(crate) use layout::Layout;
pub(crate) use runs::{Kernel, Runs};
