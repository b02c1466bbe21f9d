//! What G, S = G M^-1 G^T and the factors of S look like for clusters of one shape: found once, walked through for each
//! pack of clusters by [`super::factors`].
//!
//! The values of S stand in one array: the diagonal, then the strict lower triangle by columns with its fill-in. Of a
//! few rows all of it is kept, and worked on in registers ([`super::few`]).

use super::Bank;
use super::few::FEW;
use super::rows::{ENTRIES, RowPlaces};
use crate::aligned::Aligned;
use crate::schedule::Shape;

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
    pub(super) products: Vec<Vec<Product>>,
    /// First value below the diagonal of each column of S, and the number of values.
    pub(super) column_start: Vec<usize>,
    /// Row of each value below the diagonal.
    pub(super) row: Vec<usize>,
    /// First update of each column, and their number.
    pub(super) update_start: Vec<usize>,
    pub(super) updates: Vec<Update>,
    /// Whether a value of S and its factors is zero in any case.
    pub(super) is_zero: Vec<bool>,
}

/// G_left (G M^-1)_right of a coordinate that two rows share.
#[derive(Clone, Debug)]
pub(super) struct Product {
    pub(super) left: usize,
    pub(super) right: usize,
}

/// S_target -= L_left S_right.
#[derive(Clone, Debug)]
pub(super) struct Update {
    pub(super) target: usize,
    pub(super) left: usize,
    pub(super) right: usize,
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
