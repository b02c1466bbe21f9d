//! Sparse LDL^T of S = G M^-1 G^T for clusters of one shape: found once, walked through for each pack of clusters.
//!
//! The values of S stand in one array: the diagonal, then the strict lower triangle by columns with its fill-in.

use std::ops::Range;

use crate::schedule::Shape;
use crate::vector::Vector;

/// Where the entries of G and S stand and in which order they are combined.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) row_count: usize,
    pub(crate) coordinate_count: usize,
    /// First entry of each row of G, and their number.
    pub(crate) row_start: Vec<usize>,
    /// Local coordinate of each entry of G.
    pub(crate) coordinate: Vec<usize>,
    /// First product of each value of S, and their number.
    product_start: Vec<usize>,
    products: Vec<Product>,
    /// First value below the diagonal of each column of S, and the number of values.
    column_start: Vec<usize>,
    /// Row of each value below the diagonal.
    row: Vec<usize>,
    /// First update of each column, and their number.
    update_start: Vec<usize>,
    updates: Vec<Update>,
}

/// G_left G_right / M of a coordinate that two rows share.
#[derive(Clone, Debug)]
struct Product {
    left: usize,
    right: usize,
    coordinate: usize,
}

/// S_target -= L_left S_right.
#[derive(Clone, Debug)]
struct Update {
    target: usize,
    left: usize,
    right: usize,
}

impl Pattern {
    /// Symbolic factorisation in the order of the rows.
    pub(crate) fn new(shape: &Shape) -> Self {
        let row_count = shape.rows.len();
        let mut row_start = vec![0];
        let mut coordinate = Vec::new();
        for (_, coordinates) in &shape.rows {
            coordinate.extend(coordinates);
            row_start.push(coordinate.len());
        }
        let columns = filled_columns(shape);
        let mut column_start = vec![row_count];
        let mut row = Vec::new();
        for below in &columns {
            row.extend(below);
            column_start.push(row_count + row.len());
        }
        let mut pattern = Self {
            row_count,
            coordinate_count: shape.coordinate_count,
            row_start,
            coordinate,
            product_start: Vec::new(),
            products: Vec::new(),
            column_start,
            row,
            update_start: vec![0],
            updates: Vec::new(),
        };
        pattern.find_products();
        pattern.find_updates(&columns);
        pattern
    }

    /// Entries of a row of G.
    #[inline(always)]
    pub(crate) fn entries(&self, row: usize) -> Range<usize> {
        self.row_start[row]..self.row_start[row + 1]
    }

    /// Number of entries of G.
    pub(crate) fn entry_count(&self) -> usize {
        self.coordinate.len()
    }

    /// Number of values of S.
    pub(crate) fn value_count(&self) -> usize {
        self.row_count + self.row.len()
    }

    /// The values below the diagonal, if there is at most one in each column and it belongs to the next row.
    pub(crate) fn lower_bidiagonal(&self, system: &[f64]) -> Option<Vec<f64>> {
        (0..self.row_count)
            .map(|column| {
                let values = self.column_start[column]..self.column_start[column + 1];
                match &self.row[values.start - self.row_count..values.end - self.row_count] {
                    [] => Some(0.0),
                    [row] if *row == column + 1 => Some(system[values.start]),
                    _ => None,
                }
            })
            .collect()
    }

    fn value(&self, row: usize, column: usize) -> usize {
        if row == column {
            return row;
        }
        let (start, end) = (self.column_start[column], self.column_start[column + 1]);
        let below = &self.row[start - self.row_count..end - self.row_count];
        start + below.binary_search(&row).expect("the symbolic factorisation holds every value that is used")
    }

    fn find_products(&mut self) {
        let mut users = vec![Vec::new(); self.coordinate_count];
        let mut products = vec![Vec::new(); self.value_count()];
        for row in 0..self.row_count {
            for entry in self.row_start[row]..self.row_start[row + 1] {
                users[self.coordinate[entry]].push((row, entry));
            }
        }
        for (coordinate, users) in users.iter().enumerate() {
            for &(row, left) in users {
                for &(column, right) in users.iter().filter(|(column, _)| *column <= row) {
                    products[self.value(row, column)].push(Product { left, right, coordinate });
                }
            }
        }
        self.product_start.push(0);
        for of_value in products {
            self.products.extend(of_value);
            self.product_start.push(self.products.len());
        }
    }

    fn find_updates(&mut self, columns: &[Vec<usize>]) {
        for (column, below) in columns.iter().enumerate() {
            let start = self.column_start[column];
            for (right, &target_column) in below.iter().enumerate() {
                for (left, &target_row) in below.iter().enumerate().skip(right) {
                    let target = self.value(target_row, target_column);
                    self.updates.push(Update { target, left: start + left, right: start + right });
                }
            }
            self.update_start.push(self.updates.len());
        }
    }

    /// S = G M^-1 G^T. Coordinate `c` of the clusters at hand has its inverse mass at `places[c] + shift`.
    #[inline(always)]
    pub(crate) fn assemble<V: Vector>(
        &self,
        gradient: &[f64],
        inverse_mass: &[f64],
        places: &[usize],
        shift: usize,
        system: &mut [f64],
    ) {
        for value in 0..self.value_count() {
            let mut sum = V::splat(0.0);
            for product in &self.products[self.product_start[value]..self.product_start[value + 1]] {
                let mass = V::load(inverse_mass, places[product.coordinate] + shift);
                let left = V::load(gradient, product.left * V::WIDTH) * mass;
                sum = left.mul_add(V::load(gradient, product.right * V::WIDTH), sum);
            }
            sum.store(system, value * V::WIDTH);
        }
    }

    /// S = L D L^T in place; the diagonal then holds 1 / D.
    #[inline(always)]
    pub(crate) fn factor<V: Vector>(&self, system: &mut [f64]) {
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

/// Rows below the diagonal of each column of L: those of S, and what its children in the elimination tree add.
fn filled_columns(shape: &Shape) -> Vec<Vec<usize>> {
    let mut users = vec![Vec::new(); shape.coordinate_count];
    for (row, (_, coordinates)) in shape.rows.iter().enumerate() {
        coordinates.iter().for_each(|&coordinate| users[coordinate].push(row));
    }
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); shape.rows.len()];
    for (column, (_, coordinates)) in shape.rows.iter().enumerate() {
        let neighbours = coordinates.iter().flat_map(|&coordinate| &users[coordinate]);
        columns[column].extend(neighbours.filter(|&&row| row > column));
    }
    for column in 0..columns.len() {
        columns[column].sort_unstable();
        columns[column].dedup();
        if let Some((&parent, rest)) = columns[column].split_first() {
            let rest = rest.to_vec();
            columns[parent].extend(rest);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use crate::schedule::{RowKind, Shape};
    use crate::vector::Single;

    /// A star with a ring around it: fills in.
    #[test]
    fn solves_a_system_with_fill_in() {
        let entries = [vec![0, 1], vec![1, 2], vec![2, 3], vec![3, 0, 4], vec![4, 5]];
        let rows = entries.iter().map(|entries| (RowKind::Linear, entries.clone())).collect();
        let pattern = Pattern::new(&Shape { rows, coordinate_count: 6 });
        let gradient = [1.0, -2.0, 0.5, 1.5, 2.0, 1.0, -1.0, 3.0, 0.7, 1.0, 1.0];
        let inverse_mass = [1.0, 2.0, 0.5, 3.0, 1.0, 0.2];
        let mut system = vec![0.0; pattern.value_count()];
        pattern.assemble::<Single<true>>(&gradient, &inverse_mass, &[0, 1, 2, 3, 4, 5], 0, &mut system);
        pattern.factor::<Single<true>>(&mut system);
        let expected = [1.0, -2.0, 3.0, 0.5, 4.0];
        let mut x = product(&entries, &gradient, &inverse_mass, &expected);
        pattern.solve::<Single<true>>(&system, &mut x);
        for (found, expected) in x.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{x:?}");
        }
    }

    fn product(entries: &[Vec<usize>], gradient: &[f64], inverse_mass: &[f64], x: &[f64]) -> Vec<f64> {
        let mut impulse = [0.0; 6];
        let mut next = gradient.iter();
        for (row, coordinates) in entries.iter().enumerate() {
            coordinates.iter().zip(&mut next).for_each(|(&c, g)| impulse[c] += g * x[row]);
        }
        let mut next = gradient.iter();
        let row = |coordinates: &Vec<usize>| {
            coordinates.iter().zip(&mut next).map(|(&c, g)| g * inverse_mass[c] * impulse[c]).sum()
        };
        entries.iter().map(row).collect()
    }
}
