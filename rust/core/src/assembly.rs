//! The compiled assembly as the core is given it: one table for each kind of element and constraint.
//!
//! Coordinate `2 b` is the spin angle [rad] of body `b`, `2 b + 1` its axial displacement [m].

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

    fn check(&self, name: &str, item_count: usize, member_count: usize) -> Result<(), String> {
        let found = (self.item_count, self.values.len());
        if [(item_count, item_count), (item_count, item_count * member_count)].contains(&found) {
            return Ok(());
        }
        let count = found.1;
        Err(format!("array {name} holds {count} values for {item_count} items and {member_count} members"))
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

    /// Checks the sizes and the indices of all tables, so that nothing later reads beside them.
    ///
    /// # Errors
    /// Names the table and what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        for (name, coefficients, item_count) in self.coefficients() {
            coefficients.check(name, item_count, self.member_count)?;
        }
        let coordinates = self.coordinate_count();
        for (name, index) in self.coordinate_indices() {
            check_below(name, index, coordinates)?;
        }
        check_below("gusts.sail", &self.gusts.sail, self.sails.index.len())?;
        let rows =
            [&self.linear_rows.row, &self.universal_joints.row, &self.slider_cranks.row, &self.cams.row];
        check_permutation("elimination_order", &self.elimination_order, self.constraint_count())?;
        check_permutation("row", &rows.map(|row| &row[..]).concat(), self.constraint_count())
    }

    fn coordinate_indices(&self) -> Vec<(&'static str, &[usize])> {
        vec![
            ("springs.index_a", &self.springs.index_a),
            ("springs.index_b", &self.springs.index_b),
            ("frictions.index", &self.frictions.index),
            ("quadratics.index", &self.quadratics.index),
            ("excitations.index", &self.excitations.index),
            ("sails.index", &self.sails.index),
            ("unbalances.index", &self.unbalances.index),
            ("meshes.index", self.meshes.index.as_flattened()),
            ("linear_rows.index", self.linear_rows.index.as_flattened()),
            ("universal_joints.index_a", &self.universal_joints.index_a),
            ("universal_joints.index_b", &self.universal_joints.index_b),
            ("slider_cranks.index_a", &self.slider_cranks.index_a),
            ("slider_cranks.index_b", &self.slider_cranks.index_b),
            ("cams.index_a", &self.cams.index_a),
            ("cams.index_b", &self.cams.index_b),
        ]
    }

    /// All coefficients with the number of items that they should have.
    fn coefficients(&self) -> Vec<(&'static str, &Coefficients, usize)> {
        let coordinates = self.coordinate_count();
        let (springs, frictions, excitations) = (&self.springs, &self.frictions, &self.excitations);
        let (sails, gusts, unbalances) = (&self.sails, &self.gusts, &self.unbalances);
        let (meshes, linear, cranks) = (&self.meshes, &self.linear_rows, &self.slider_cranks);
        vec![
            ("mass", &self.mass, coordinates),
            ("initial_position", &self.initial_position, coordinates),
            ("initial_velocity", &self.initial_velocity, coordinates),
            ("stiffness", &self.stiffness, coordinates),
            ("damping", &self.damping, coordinates),
            ("constant_force", &self.constant_force, coordinates),
            ("springs.stiffness", &springs.stiffness, springs.index_a.len()),
            ("springs.damping", &springs.damping, springs.index_a.len()),
            ("springs.offset", &springs.offset, springs.index_a.len()),
            ("frictions.torque", &frictions.torque, frictions.index.len()),
            ("frictions.slip_speed", &frictions.slip_speed, frictions.index.len()),
            ("quadratics.coefficient", &self.quadratics.coefficient, self.quadratics.index.len()),
            ("excitations.amplitude", &excitations.amplitude, excitations.index.len()),
            ("excitations.angular_frequency", &excitations.angular_frequency, excitations.index.len()),
            ("excitations.phase", &excitations.phase, excitations.index.len()),
            ("sails.lift", &sails.lift, sails.index.len()),
            ("sails.slope", &sails.slope, sails.index.len()),
            ("sails.wind_speed", &sails.wind_speed, sails.index.len()),
            ("gusts.depth", &gusts.depth, gusts.sail.len()),
            ("gusts.angular_frequency", &gusts.angular_frequency, gusts.sail.len()),
            ("gusts.phase", &gusts.phase, gusts.sail.len()),
            ("unbalances.moment", &unbalances.moment, unbalances.index.len()),
            ("unbalances.angle", &unbalances.angle, unbalances.index.len()),
            ("meshes.direction", &meshes.direction, 4 * meshes.index.len()),
            ("meshes.stiffness", &meshes.stiffness, meshes.index.len()),
            ("meshes.damping", &meshes.damping, meshes.index.len()),
            ("meshes.backlash", &meshes.backlash, meshes.index.len()),
            ("linear_rows.direction", &linear.direction, 4 * linear.row.len()),
            ("linear_rows.offset", &linear.offset, linear.row.len()),
            ("linear_rows.rate", &linear.rate, linear.row.len()),
            ("universal_joints.cos_angle", &self.universal_joints.cos_angle, self.universal_joints.row.len()),
            ("slider_cranks.crank", &cranks.crank, cranks.row.len()),
            ("slider_cranks.rod", &cranks.rod, cranks.row.len()),
            ("cams.lift", &self.cams.lift, self.cams.harmonic_count * self.cams.row.len()),
        ]
    }
}

fn check_below(name: &str, index: &[usize], limit: usize) -> Result<(), String> {
    match index.iter().find(|&&index| index >= limit) {
        None => Ok(()),
        Some(index) => Err(format!("array {name}: index {index} is not below {limit}")),
    }
}

fn check_permutation(name: &str, numbers: &[usize], count: usize) -> Result<(), String> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..count) {
        Ok(())
    } else {
        Err(format!("array {name} must hold each number below {count} once"))
    }
}
