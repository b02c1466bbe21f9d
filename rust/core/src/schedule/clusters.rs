//! Constraint rows that share coordinates form a cluster; clusters of the same shape form a class.
//!
//! Clusters do not see each other's multipliers, so each is solved alone, and a class of many (the modules
//! of a mill) is solved side by side.

use std::collections::HashMap;

use crate::assembly::Assembly;

/// Kinds of constraint rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RowKind {
    Linear,
    UniversalJoint,
    SliderCrank,
    Cam,
}

/// One scalar constraint equation.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Number of the constraint.
    pub(crate) number: usize,
    pub(crate) kind: RowKind,
    /// Position in the table of its kind.
    pub(crate) item: usize,
    /// Coordinate of each entry of the row.
    pub(crate) coordinates: Vec<usize>,
    /// Column of each entry in the table's direction (linear rows only).
    pub(crate) columns: Vec<usize>,
}

/// Rows of a cluster with their entries as local coordinates: what clusters of a class have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) rows: Vec<(RowKind, Vec<usize>)>,
    pub(crate) coordinate_count: usize,
}

impl Shape {
    /// True if all rows are linear in the coordinates.
    pub(crate) fn is_linear(&self) -> bool {
        self.rows.iter().all(|(kind, _)| *kind == RowKind::Linear)
    }

    /// True if the rows leave one degree of freedom.
    pub(crate) fn has_one_freedom(&self) -> bool {
        self.coordinate_count == self.rows.len() + 1
    }
}

/// Rows that hang together, in elimination order, and the coordinates that they touch.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) rows: Vec<Row>,
    pub(crate) coordinates: Vec<usize>,
}

/// Clusters of one shape.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) shape: Shape,
    pub(crate) clusters: Vec<Cluster>,
}

impl Class {
    /// Constraint number of each row of each cluster.
    pub(crate) fn numbers(&self) -> Vec<Vec<usize>> {
        self.clusters.iter().map(|cluster| cluster.rows.iter().map(|row| row.number).collect()).collect()
    }
}

/// Sorts the constraint rows of an assembly into classes, in the order of their first row.
pub(crate) fn classes(assembly: &Assembly) -> Vec<Class> {
    let mut found: HashMap<Shape, usize> = HashMap::new();
    let mut classes: Vec<Class> = Vec::new();
    for cluster in clusters(assembly) {
        let shape = shape(&cluster);
        let class = *found.entry(shape.clone()).or_insert_with(|| {
            classes.push(Class { shape, clusters: Vec::new() });
            classes.len() - 1
        });
        classes[class].clusters.push(cluster);
    }
    classes
}

fn clusters(assembly: &Assembly) -> Vec<Cluster> {
    let rows = rows(assembly);
    let mut sets = DisjointSets::new(assembly.coordinate_count());
    for row in &rows {
        row.coordinates.windows(2).for_each(|pair| sets.join(pair[0], pair[1]));
    }
    let position: HashMap<usize, usize> =
        assembly.elimination_order.iter().enumerate().map(|(place, &row)| (row, place)).collect();
    let mut clusters: Vec<Vec<Row>> = Vec::new();
    let mut cluster_of: HashMap<usize, usize> = HashMap::new();
    for row in rows {
        let set = sets.find(row.coordinates[0]);
        let cluster = *cluster_of.entry(set).or_insert_with(|| {
            clusters.push(Vec::new());
            clusters.len() - 1
        });
        clusters[cluster].push(row);
    }
    clusters
        .into_iter()
        .map(|mut rows| {
            rows.sort_by_key(|row| position[&row.number]);
            Cluster { coordinates: coordinates(&rows), rows }
        })
        .collect()
}

/// All rows by number.
fn rows(assembly: &Assembly) -> Vec<Row> {
    let linear = &assembly.linear_rows;
    let mut rows: Vec<Row> = (0..linear.row.len())
        .map(|item| {
            let columns: Vec<usize> =
                (0..4).filter(|column| !linear.direction.is_zero(4 * item + column)).collect();
            let coordinates = columns.iter().map(|&column| linear.index[item][column]).collect();
            Row { number: linear.row[item], kind: RowKind::Linear, item, coordinates, columns }
        })
        .collect();
    let (joints, cranks, cams) = (&assembly.universal_joints, &assembly.slider_cranks, &assembly.cams);
    let mut add = |kind, numbers: &[usize], index_a: &[usize], index_b: &[usize]| {
        rows.extend(numbers.iter().enumerate().map(|(item, &number)| {
            let coordinates = vec![index_a[item], index_b[item]];
            Row { number, kind, item, coordinates, columns: Vec::new() }
        }));
    };
    add(RowKind::UniversalJoint, &joints.row, &joints.index_a, &joints.index_b);
    add(RowKind::SliderCrank, &cranks.row, &cranks.index_a, &cranks.index_b);
    add(RowKind::Cam, &cams.row, &cams.index_a, &cams.index_b);
    rows.sort_by_key(|row| row.number);
    rows
}

/// Spins before displacements, each in the order in which the rows meet them: along a chain of gears the
/// coordinates of the same kind then follow each other in memory.
fn coordinates(rows: &[Row]) -> Vec<usize> {
    let mut seen = HashMap::new();
    let mut coordinates = Vec::new();
    for &coordinate in rows.iter().flat_map(|row| &row.coordinates) {
        seen.entry(coordinate).or_insert_with(|| coordinates.push(coordinate));
    }
    coordinates.sort_by_key(|coordinate| coordinate % 2);
    coordinates
}

fn shape(cluster: &Cluster) -> Shape {
    let local: HashMap<usize, usize> =
        cluster.coordinates.iter().enumerate().map(|(local, &coordinate)| (coordinate, local)).collect();
    let rows = cluster
        .rows
        .iter()
        .map(|row| (row.kind, row.coordinates.iter().map(|coordinate| local[coordinate]).collect()))
        .collect();
    Shape { rows, coordinate_count: cluster.coordinates.len() }
}

/// Union-find with path halving.
struct DisjointSets(Vec<usize>);

impl DisjointSets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn find(&mut self, mut item: usize) -> usize {
        while self.0[item] != item {
            self.0[item] = self.0[self.0[item]];
            item = self.0[item];
        }
        item
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.0[other] = one;
    }
}
