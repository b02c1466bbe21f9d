//! The compiled assembly as the core is given it: one table for each kind of element and constraint.
//!
//! Coordinate `2 b` is the spin angle [rad] of body `b`, `2 b + 1` its axial displacement [m].

mod check;

/// Coefficients of a table: one value per item, or one per member and item where an ensemble varies them.
#[derive(Clone, Debug, Default)]
pub struct Coefficients {
    values: Vec<f64>,
    item_count: usize,
}

impl Coefficients {
    /// Coefficients shared by all members (`values.len() == item_count`) or of each member in turn.
    #[must_use]
    pub fn new(values: Vec<f64>, item_count: usize) -> Self {
        debug_assert!(item_count == 0 || values.len().is_multiple_of(item_count));
        Self { values, item_count }
    }

    /// Coefficient of an item for a member.
    #[must_use]
    pub fn at(&self, member: usize, item: usize) -> f64 {
        if self.varies() { self.values[member * self.item_count + item] } else { self.values[item] }
    }

    /// True if members have values of their own.
    #[must_use]
    pub fn varies(&self) -> bool {
        self.values.len() > self.item_count
    }

    /// True if an item is zero for every member.
    #[must_use]
    pub fn is_zero(&self, item: usize) -> bool {
        self.of_item(item).all(|value| value == 0.0)
    }

    /// True if two items have the same coefficient for every member.
    #[must_use]
    pub fn same(&self, one: usize, other: usize) -> bool {
        self.of_item(one).eq(self.of_item(other))
    }

    fn of_item(&self, item: usize) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().skip(item).step_by(self.item_count.max(1)).copied()
    }
}

impl From<Vec<f64>> for Coefficients {
    fn from(values: Vec<f64>) -> Self {
        let item_count = values.len();
        Self { values, item_count }
    }
}

/// Spring-dampers: T = stiffness (q_a - q_b - offset) + damping (v_a - v_b); -T on a, +T on b. With ratios r_a and
/// r_b (1 unless given), r_a q_a and r_b q_b take the place of q_a and q_b; -r_a T on a, +r_b T on b.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Springs {
    pub index_a: Vec<usize>,
    pub index_b: Vec<usize>,
    pub stiffness: Coefficients,
    pub damping: Coefficients,
    pub offset: Coefficients,
    pub ratio: Option<[Coefficients; 2]>,
}

/// Smoothed Coulomb friction: -torque tanh(v / slip_speed).
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Frictions {
    pub index: Vec<usize>,
    pub torque: Coefficients,
    pub slip_speed: Coefficients,
}

/// Quadratic resistance: -coefficient v abs(v).
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Quadratics {
    pub index: Vec<usize>,
    pub coefficient: Coefficients,
}

/// Harmonic forces: amplitude sin(angular_frequency t + phase).
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Excitations {
    pub index: Vec<usize>,
    pub amplitude: Coefficients,
    pub angular_frequency: Coefficients,
    pub phase: Coefficients,
}

/// Wind torque: lift w^2 - lift slope w v.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Sails {
    pub index: Vec<usize>,
    pub lift: Coefficients,
    pub slope: Coefficients,
    pub wind_speed: Coefficients,
}

/// Gusts: sail number `sail` gets w = wind_speed (1 + sum depth sin(angular_frequency t + phase)).
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Gusts {
    pub sail: Vec<usize>,
    pub depth: Coefficients,
    pub angular_frequency: Coefficients,
    pub phase: Coefficients,
}

/// Gravity on an eccentric mass: -moment sin(ratio q - angle), with a ratio of 1 unless given.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Unbalances {
    pub index: Vec<usize>,
    pub moment: Coefficients,
    pub angle: Coefficients,
    pub ratio: Option<Coefficients>,
}

/// Elastic tooth contact along `direction` on four coordinates, four entries to an item.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Meshes {
    pub index: Vec<[usize; 4]>,
    pub direction: Coefficients,
    pub stiffness: Coefficients,
    pub damping: Coefficients,
    pub backlash: Coefficients,
}

/// Rows direction . q[index] - offset - rate t = 0 of constraint number `row`, four entries to an item.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct LinearRows {
    pub row: Vec<usize>,
    pub index: Vec<[usize; 4]>,
    pub direction: Coefficients,
    pub offset: Coefficients,
    pub rate: Coefficients,
}

/// Joints sin(q_a) cos(q_b) - cos_angle cos(q_a) sin(q_b) = 0.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct UniversalJoints {
    pub row: Vec<usize>,
    pub index_a: Vec<usize>,
    pub index_b: Vec<usize>,
    pub cos_angle: Coefficients,
}

/// Cranks q_b - (crank cos(q_a) + sqrt(rod^2 - crank^2 sin^2(q_a)) - crank - rod) = 0.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct SliderCranks {
    pub row: Vec<usize>,
    pub index_a: Vec<usize>,
    pub index_b: Vec<usize>,
    pub crank: Coefficients,
    pub rod: Coefficients,
}

/// Cams q_b - sum_k lift_k (1 - cos(k q_a)) = 0 with `harmonic_count` lifts to an item.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Cams {
    pub row: Vec<usize>,
    pub index_a: Vec<usize>,
    pub index_b: Vec<usize>,
    pub lift: Coefficients,
    pub harmonic_count: usize,
}

/// An assembly, or an ensemble of one structure.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Assembly {
    pub member_count: usize,
    pub mass: Coefficients,
    pub initial_position: Coefficients,
    pub initial_velocity: Coefficients,
    pub stiffness: Coefficients,
    pub damping: Coefficients,
    pub constant_force: Coefficients,
    pub springs: Springs,
    pub frictions: Frictions,
    pub quadratics: Quadratics,
    pub excitations: Excitations,
    pub sails: Sails,
    pub gusts: Gusts,
    pub unbalances: Unbalances,
    pub meshes: Meshes,
    pub linear_rows: LinearRows,
    pub universal_joints: UniversalJoints,
    pub slider_cranks: SliderCranks,
    pub cams: Cams,
    pub elimination_order: Vec<usize>,
}

impl Assembly {
    /// Number of coordinates, 2 to a body.
    #[must_use]
    pub fn coordinate_count(&self) -> usize {
        self.mass.item_count
    }

    /// Number of bodies.
    #[must_use]
    pub fn body_count(&self) -> usize {
        self.coordinate_count() / 2
    }

    /// Number of constraint rows.
    #[must_use]
    pub fn constraint_count(&self) -> usize {
        self.elimination_order.len()
    }
}
