//! L D L^T of a full system of a few rows, in registers.
//!
//! The values stand as in [`super::Pattern`]: the diagonal, then the strict lower triangle by columns.

use crate::vector::Vector;

/// Up to so many rows are few.
pub(super) const FEW: usize = 4;

/// Place of a value of the lower triangle.
const fn place<const ROWS: usize>(row: usize, column: usize) -> usize {
    if row == column { row } else { ROWS + column * (2 * ROWS - column - 1) / 2 + row - column - 1 }
}

/// S = L D L^T in place; the diagonal then holds 1 / D.
#[inline(always)]
pub(super) fn factor<V: Vector, const ROWS: usize>(system: &mut [f64]) {
    let mut values = load::<V, ROWS>(system);
    for column in 0..ROWS {
        let inverse = V::splat(1.0) / values[column][column];
        values[column][column] = inverse;
        for row in column + 1..ROWS {
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
    let factors = load::<V, ROWS>(system);
    let mut x: [V; ROWS] = std::array::from_fn(|row| V::load(b, row * V::WIDTH));
    for column in 0..ROWS {
        for row in column + 1..ROWS {
            x[row] = (-factors[row][column]).mul_add(x[column], x[row]);
        }
    }
    for column in (0..ROWS).rev() {
        x[column] = x[column] * factors[column][column];
        for row in column + 1..ROWS {
            x[column] = (-factors[row][column]).mul_add(x[row], x[column]);
        }
    }
    for (row, x) in x.into_iter().enumerate() {
        x.store(b, row * V::WIDTH);
    }
}

/// The lower triangle by rows; above it stand zeros.
#[inline(always)]
fn load<V: Vector, const ROWS: usize>(system: &[f64]) -> [[V; ROWS]; ROWS] {
    let mut values = [[V::splat(0.0); ROWS]; ROWS];
    for row in 0..ROWS {
        for column in 0..=row {
            values[row][column] = V::load(system, place::<ROWS>(row, column) * V::WIDTH);
        }
    }
    values
}
