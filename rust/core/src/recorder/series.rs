//! Which value of a state vector goes where.

use crate::assembly::Coefficients;
use crate::schedule::Layout;

/// A row of a buffer: a value of a state vector times a factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Series {
    pub(super) place: usize,
    pub(super) factor: f64,
    pub(super) buffer: usize,
    pub(super) row: usize,
}

/// Rows of the angle (0), displacement (1), angular velocity (2) and velocity (3) buffers, from states that are positions
/// and then velocities.
pub(super) fn state_series(layout: &Layout, members: &[usize], ratio: &Coefficients) -> Vec<Series> {
    let count = layout.offset.len();
    let of_lane = |lane: usize| {
        (0..2 * count).map(move |number| {
            let (rate, coordinate) = (number / count, number % count);
            Series {
                place: rate * layout.length + layout.offset[coordinate] + lane,
                factor: ratio.at(members[lane], coordinate),
                buffer: 2 * rate + coordinate % 2,
                row: lane * (count / 2) + coordinate / 2,
            }
        })
    };
    (0..members.len()).flat_map(of_lane).collect()
}

/// Rows of the reaction buffer.
pub(super) fn row_series(lanes: usize, member_count: usize, constraint_count: usize) -> Vec<Series> {
    let of_lane = |lane: usize| {
        (0..constraint_count).map(move |constraint| Series {
            place: constraint * lanes + lane,
            factor: 1.0,
            buffer: 0,
            row: lane * constraint_count + constraint,
        })
    };
    (0..member_count).flat_map(of_lane).collect()
}
