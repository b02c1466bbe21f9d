//! S = G M^-1 G^T = L D L^T, factored and solved for a pack of clusters at a time.

use super::few::{self, FEW};
use super::pattern::{Pattern, Product};
use super::rows::ENTRIES;
use crate::vector::Vector;

impl Pattern {
    /// S = G M^-1 G^T = L D L^T, given G and G M^-1; the diagonal of the factors holds 1 / D.
    #[inline(always)]
    pub(crate) fn factor<V: Vector>(&self, gradient: &[f64], change: &[f64], system: &mut [f64]) {
        match self.row_count {
            1 => few::factor::<V, 1>(self, gradient, change, system),
            2 => few::factor::<V, 2>(self, gradient, change, system),
            FEW => few::factor::<V, FEW>(self, gradient, change, system),
            _ => {
                for row in 0..self.row_count {
                    self.diagonal::<V>(row, gradient, change).store(system, row * V::WIDTH);
                }
                for value in self.row_count..self.value_count() {
                    self.below::<V>(value, gradient, change).store(system, value * V::WIDTH);
                }
                self.factor_sparse::<V>(system);
            }
        }
    }

    /// A value of S on the diagonal.
    #[inline(always)]
    pub(super) fn diagonal<V: Vector>(&self, row: usize, gradient: &[f64], change: &[f64]) -> V {
        let entry = |number: usize| {
            let at = (ENTRIES * row + number) * V::WIDTH;
            (V::load(gradient, at), V::load(change, at))
        };
        let [(g_0, c_0), (g_1, c_1)] = [entry(0), entry(1)];
        let sum = g_1.mul_add(c_1, g_0 * c_0);
        if self.entry_counts[row] <= 2 {
            return sum;
        }
        let [(g_2, c_2), (g_3, c_3)] = [entry(2), entry(3)];
        g_3.mul_add(c_3, g_2.mul_add(c_2, sum))
    }

    /// A value of S below the diagonal: most rows share one coordinate, or none.
    #[inline(always)]
    pub(super) fn below<V: Vector>(&self, value: usize, gradient: &[f64], change: &[f64]) -> V {
        let products = &self.products[value - self.row_count];
        let product = |product: &Product| {
            (V::load(gradient, product.left * V::WIDTH), V::load(change, product.right * V::WIDTH))
        };
        let Some((first, rest)) = products.split_first() else {
            return V::splat(0.0);
        };
        let (left, right) = product(first);
        let mut sum = left * right;
        for further in rest {
            let (left, right) = product(further);
            sum = left.mul_add(right, sum);
        }
        sum
    }

    #[inline(always)]
    fn factor_sparse<V: Vector>(&self, system: &mut [f64]) {
        for column in 0..self.row_count {
            let inverse = V::splat(1.0) / V::load(system, column * V::WIDTH);
            inverse.store(system, column * V::WIDTH);
            for update in &self.updates[self.update_start[column]..self.update_start[column + 1]] {
                let left = V::load(system, update.left * V::WIDTH) * inverse;
                let product = left * V::load(system, update.right * V::WIDTH);
                (-product).add_to(system, update.target * V::WIDTH);
            }
            for value in self.column_start[column]..self.column_start[column + 1] {
                (V::load(system, value * V::WIDTH) * inverse).store(system, value * V::WIDTH);
            }
        }
    }

    /// Solves S x = b in place.
    #[inline(always)]
    pub(crate) fn solve<V: Vector>(&self, system: &[f64], x: &mut [f64]) {
        match self.row_count {
            1 => few::solve::<V, 1>(system, x),
            2 => few::solve::<V, 2>(system, x),
            FEW => few::solve::<V, FEW>(system, x),
            _ => self.solve_sparse::<V>(system, x),
        }
    }

    #[inline(always)]
    fn solve_sparse<V: Vector>(&self, system: &[f64], x: &mut [f64]) {
        for column in 0..self.row_count {
            let known = V::load(x, column * V::WIDTH);
            for value in self.column_start[column]..self.column_start[column + 1] {
                let row = self.row[value - self.row_count];
                (-V::load(system, value * V::WIDTH) * known).add_to(x, row * V::WIDTH);
            }
        }
        for column in (0..self.row_count).rev() {
            let mut sum = V::load(x, column * V::WIDTH) * V::load(system, column * V::WIDTH);
            for value in self.column_start[column]..self.column_start[column + 1] {
                let row = self.row[value - self.row_count];
                sum = (-V::load(system, value * V::WIDTH)).mul_add(V::load(x, row * V::WIDTH), sum);
            }
            sum.store(x, column * V::WIDTH);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::schedule::{RowKind, Shape};
    use crate::solver::{ENTRIES, Pattern};
    use crate::vector::Single;

    const INVERSE_MASS: [f64; 6] = [1.0, 2.0, 0.5, 3.0, 1.0, 0.2];
    const GRADIENT: [[f64; ENTRIES]; 5] = [
        [1.0, -2.0, 0.0, 0.0],
        [0.5, 1.5, 0.0, 0.0],
        [2.0, 1.0, 0.0, 0.0],
        [-1.0, 3.0, 0.7, 0.0],
        [1.0, 1.0, 0.0, 0.0],
    ];

    /// A star with a ring around it fills in; its first rows are a chain, and a ring of few rows.
    #[test]
    fn solves_systems_of_any_size() {
        let rows = [vec![0, 1], vec![1, 2], vec![2, 3], vec![3, 0, 4], vec![4, 5]];
        for count in 1..=rows.len() {
            assert_solves(&rows[..count]);
        }
    }

    fn assert_solves(rows: &[Vec<usize>]) {
        let rows: Vec<_> = rows.iter().map(|row| (RowKind::Linear, row.clone())).collect();
        let pattern = Pattern::new(&Shape { rows, coordinate_count: 6 });
        let gradient = GRADIENT[..pattern.row_count].as_flattened();
        let coordinates = pattern.coordinates.as_flattened();
        let change: Vec<f64> = gradient.iter().zip(coordinates).map(|(g, &c)| g * INVERSE_MASS[c]).collect();
        let mut system = vec![0.0; pattern.value_count()];
        pattern.factor::<Single<true>>(gradient, &change, &mut system);
        let expected = &[1.0, -2.0, 3.0, 0.5, 4.0][..pattern.row_count];
        let mut x = product(coordinates, gradient, &change, expected);
        pattern.solve::<Single<true>>(&system, &mut x);
        for (found, expected) in x.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{x:?}");
        }
    }

    fn product(coordinates: &[usize], gradient: &[f64], change: &[f64], x: &[f64]) -> Vec<f64> {
        let mut motion = [0.0; 6];
        for (entry, &coordinate) in coordinates.iter().enumerate() {
            motion[coordinate] += change[entry] * x[entry / ENTRIES];
        }
        let row = |row: usize| {
            let entries = ENTRIES * row..ENTRIES * (row + 1);
            entries.map(|entry| gradient[entry] * motion[coordinates[entry]]).sum()
        };
        (0..x.len()).map(row).collect()
    }
}
