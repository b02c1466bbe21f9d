//! Are the tables of an assembly what they say?

use super::{Assembly, Coefficients};

impl Coefficients {
    fn check(&self, name: &str, item_count: usize, member_count: usize) -> Result<(), String> {
        let found = (self.item_count, self.values.len());
        if [(item_count, item_count), (item_count, item_count * member_count)].contains(&found) {
            return Ok(());
        }
        let count = found.1;
        Err(format!("array {name} holds {count} values for {item_count} items and {member_count} members"))
    }
}

impl Assembly {
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
