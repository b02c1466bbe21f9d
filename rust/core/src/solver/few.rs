//! L D L^T of a full system of a few rows, in registers.
//!
//! The values stand as in [`super::pattern`]: the diagonal, then the strict lower triangle by columns.

use super::Pattern;
use crate::vector::Vector;

/// Up to so many rows are few.
pub(super) const FEW: usize = 3;

/// Place of a value of the lower triangle.
const fn place<const ROWS: usize>(row: usize, column: usize) -> usize {
    if row == column { row } else { ROWS + column * (2 * ROWS - column - 1) / 2 + row - column - 1 }
}

/// S = G M^-1 G^T = L D L^T, given G and G M^-1; of D the inverse is kept.
#[inline(always)]
pub(super) fn factor<V: Vector, const ROWS: usize>(
    pattern: &Pattern,
    gradient: &[f64],
    change: &[f64],
    system: &mut [f64],
) {
    let mut values = [[V::splat(0.0); ROWS]; ROWS];
    for row in 0..ROWS {
        values[row][row] = pattern.diagonal(row, gradient, change);
        for column in 0..row {
            values[row][column] = pattern.below(place::<ROWS>(row, column), gradient, change);
        }
    }
    for column in 0..ROWS {
        let inverse = V::splat(1.0) / values[column][column];
        values[column][column] = inverse;
        for row in column + 1..ROWS {
            // Rows that do not see each other need not wait for each other's division.
            if pattern.is_zero[place::<ROWS>(row, column)] {
                continue;
            }
            let factor = values[row][column] * inverse;
            for other in column + 1..=row {
                values[row][other] = (-factor).mul_add(values[other][column], values[row][other]);
            }
        }
        for row in column + 1..ROWS {
            values[row][column] = values[row][column] * inverse;
        }
    }
    for row in 0..ROWS {
        for column in 0..=row {
            values[row][column].store(system, place::<ROWS>(row, column) * V::WIDTH);
        }
    }
}

/// Solves S x = b in place.
#[inline(always)]
pub(super) fn solve<V: Vector, const ROWS: usize>(system: &[f64], b: &mut [f64]) {
    let factor = |row: usize, column: usize| V::load(system, place::<ROWS>(row, column) * V::WIDTH);
    let mut x: [V; ROWS] = std::array::from_fn(|row| V::load(b, row * V::WIDTH));
    for column in 0..ROWS {
        for row in column + 1..ROWS {
            x[row] = (-factor(row, column)).mul_add(x[column], x[row]);
        }
    }
    for column in (0..ROWS).rev() {
        x[column] = x[column] * factor(column, column);
        for row in column + 1..ROWS {
            x[column] = (-factor(row, column)).mul_add(x[row], x[column]);
        }
    }
    for (row, x) in x.into_iter().enumerate() {
        x.store(b, row * V::WIDTH);
    }
}
