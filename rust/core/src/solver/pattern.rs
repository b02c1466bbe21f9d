//! LDL^T of S = G M^-1 G^T for clusters of one shape: found once, walked through for each pack of clusters.
//!
//! The values of S stand in one array: the diagonal, then the strict lower triangle by columns with its fill-in. Of a
//! few rows all of it is kept, and worked on in registers ([`super::few`]).

use super::Bank;
use super::few::{self, FEW};
use super::rows::{ENTRIES, RowPlaces};
use crate::aligned::Aligned;
use crate::schedule::Shape;
use crate::vector::Vector;

/// Where the entries of G and S stand and in which order they are combined.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) row_count: usize,
    pub(crate) coordinate_count: usize,
    /// Entries of each row of G.
    pub(crate) entry_counts: Vec<usize>,
    /// Local coordinates of each row, filled up with the last.
    pub(crate) coordinates: Vec<[usize; ENTRIES]>,
    /// Products of each value of S below the diagonal.
    products: Vec<Vec<Product>>,
    /// First value below the diagonal of each column of S, and the number of values.
    column_start: Vec<usize>,
    /// Row of each value below the diagonal.
    row: Vec<usize>,
    /// First update of each column, and their number.
    update_start: Vec<usize>,
    updates: Vec<Update>,
    /// Whether a value of S and its factors is zero in any case.
    pub(super) is_zero: Vec<bool>,
}

/// G_left (G M^-1)_right of a coordinate that two rows share.
#[derive(Clone, Debug)]
struct Product {
    left: usize,
    right: usize,
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
        let fill_up = |coordinates: &[usize]| {
            std::array::from_fn(|number| coordinates[number.min(coordinates.len() - 1)])
        };
        let columns = if row_count <= FEW {
            (0..row_count).map(|column| (column + 1..row_count).collect()).collect()
        } else {
            filled_columns(shape)
        };
        let mut column_start = vec![row_count];
        let mut row = Vec::new();
        for below in &columns {
            row.extend(below);
            column_start.push(row_count + row.len());
        }
        let mut pattern = Self {
            row_count,
            coordinate_count: shape.coordinate_count,
            entry_counts: shape.rows.iter().map(|(_, coordinates)| coordinates.len()).collect(),
            coordinates: shape.rows.iter().map(|(_, coordinates)| fill_up(coordinates)).collect(),
            products: Vec::new(),
            column_start,
            row,
            update_start: vec![0],
            updates: Vec::new(),
            is_zero: Vec::new(),
        };
        pattern.find_products();
        pattern.find_updates(&columns);
        pattern.find_zeros();
        pattern
    }

    /// Number of entries of G, with those that fill rows up.
    pub(crate) fn entry_count(&self) -> usize {
        ENTRIES * self.row_count
    }

    /// Where the rows find their coordinates, given the places of the local ones.
    pub(crate) fn row_places(&self, places: &[usize]) -> Vec<RowPlaces> {
        let of_row = self.coordinates.iter().zip(&self.entry_counts);
        of_row.map(|(row, &count)| RowPlaces::new(row.map(|local| places[local]), count)).collect()
    }

    /// G M^-1 of all columns, as G stands: `[column][entry][value]`.
    pub(crate) fn changes(&self, gradient: &[f64], bank: &Bank, inverse_mass: &[f64]) -> Aligned {
        let mut changes = Aligned::from(gradient);
        for (at, value) in changes.iter_mut().enumerate() {
            let (within, entry) = (at % bank.width(), at / bank.width() % self.entry_count());
            let column = at / bank.width() / self.entry_count();
            let local = self.coordinates[entry / ENTRIES][entry % ENTRIES];
            *value *= inverse_mass[bank.places[local] + column * bank.width() + within];
        }
        changes
    }

    /// Number of values of S.
    pub(crate) fn value_count(&self) -> usize {
        self.row_count + self.row.len()
    }

    /// The values below the diagonal, if there is none but next to it.
    pub(crate) fn lower_bidiagonal(&self, system: &[f64]) -> Option<Vec<f64>> {
        let mut lower = vec![0.0; self.row_count];
        for column in 0..self.row_count {
            for value in self.column_start[column]..self.column_start[column + 1] {
                if self.row[value - self.row_count] == column + 1 {
                    lower[column] = system[value];
                } else if system[value] != 0.0 {
                    return None;
                }
            }
        }
        Some(lower)
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
        let mut products = vec![Vec::new(); self.row.len()];
        for row in 0..self.row_count {
            for number in 0..self.entry_counts[row] {
                users[self.coordinates[row][number]].push((row, ENTRIES * row + number));
            }
        }
        for users in &users {
            for &(row, left) in users {
                for &(column, right) in users.iter().filter(|(column, _)| *column < row) {
                    products[self.value(row, column) - self.row_count].push(Product { left, right });
                }
            }
        }
        self.products = products;
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

    fn find_zeros(&mut self) {
        self.is_zero = vec![false; self.value_count()];
        for (value, products) in (self.row_count..).zip(&self.products) {
            self.is_zero[value] = products.is_empty();
        }
        for update in &self.updates {
            if !(self.is_zero[update.left] || self.is_zero[update.right]) {
                self.is_zero[update.target] = false;
            }
        }
    }

    /// S = G M^-1 G^T = L D L^T, given G and G M^-1; the diagonal of the factors holds 1 / D.
    #[inline(always)]
    pub(crate) fn factor<V: Vector>(&self, gradient: &[f64], change: &[f64], system: &mut [f64]) {
        match self.row_count {
            1 => few::factor::<V, 1>(self, gradient, change, system),
            2 => few::factor::<V, 2>(self, gradient, change, system),
            3 => few::factor::<V, 3>(self, gradient, change, system),
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
            3 => few::solve::<V, 3>(system, x),
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
    use super::{ENTRIES, Pattern};
    use crate::schedule::{RowKind, Shape};
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
