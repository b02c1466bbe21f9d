//! Reads the arrays of a compiled assembly (`CompiledAssembly.arrays()`) into the core's tables.

use molenspin_core::{
    Assembly, Cams, Coefficients, Excitations, Frictions, Gusts, LinearRows, Meshes, Quadratics, Sails,
    SliderCranks, Springs, Unbalances, UniversalJoints,
};
use numpy::{PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::InvalidValueError;

/// The arrays by dotted name.
pub(crate) struct Arrays<'a, 'py>(pub(crate) &'a Bound<'py, PyDict>);

impl<'py> Arrays<'_, 'py> {
    /// The whole assembly.
    pub(crate) fn assembly(&self, member_count: usize) -> PyResult<Assembly> {
        let assembly = Assembly {
            member_count,
            mass: self.coefficients("mass")?,
            initial_position: self.coefficients("initial_position")?,
            initial_velocity: self.coefficients("initial_velocity")?,
            stiffness: self.coefficients("stiffness")?,
            damping: self.coefficients("damping")?,
            constant_force: self.coefficients("constant_force")?,
            springs: Springs {
                index_a: self.indices("springs.index_a")?,
                index_b: self.indices("springs.index_b")?,
                stiffness: self.coefficients("springs.stiffness")?,
                damping: self.coefficients("springs.damping")?,
                offset: self.coefficients("springs.offset")?,
                ratio: None,
            },
            frictions: Frictions {
                index: self.indices("frictions.index")?,
                torque: self.coefficients("frictions.torque")?,
                slip_speed: self.coefficients("frictions.slip_speed")?,
            },
            quadratics: Quadratics {
                index: self.indices("quadratics.index")?,
                coefficient: self.coefficients("quadratics.coefficient")?,
            },
            excitations: Excitations {
                index: self.indices("excitations.index")?,
                amplitude: self.coefficients("excitations.amplitude")?,
                angular_frequency: self.coefficients("excitations.angular_frequency")?,
                phase: self.coefficients("excitations.phase")?,
            },
            sails: Sails {
                index: self.indices("sails.index")?,
                lift: self.coefficients("sails.lift")?,
                slope: self.coefficients("sails.slope")?,
                wind_speed: self.coefficients("sails.wind_speed")?,
            },
            gusts: Gusts {
                sail: self.indices("gusts.sail")?,
                depth: self.coefficients("gusts.depth")?,
                angular_frequency: self.coefficients("gusts.angular_frequency")?,
                phase: self.coefficients("gusts.phase")?,
            },
            unbalances: Unbalances {
                index: self.indices("unbalances.index")?,
                moment: self.coefficients("unbalances.moment")?,
                angle: self.coefficients("unbalances.angle")?,
                ratio: None,
            },
            meshes: Meshes {
                index: self.quadruples("meshes.index")?,
                direction: self.matrix("meshes.direction")?.0,
                stiffness: self.coefficients("meshes.stiffness")?,
                damping: self.coefficients("meshes.damping")?,
                backlash: self.coefficients("meshes.backlash")?,
            },
            linear_rows: LinearRows {
                row: self.indices("linear_rows.row")?,
                index: self.quadruples("linear_rows.index")?,
                direction: self.matrix("linear_rows.direction")?.0,
                offset: self.coefficients("linear_rows.offset")?,
                rate: self.coefficients("linear_rows.rate")?,
            },
            universal_joints: UniversalJoints {
                row: self.indices("universal_joints.row")?,
                index_a: self.indices("universal_joints.index_a")?,
                index_b: self.indices("universal_joints.index_b")?,
                cos_angle: self.coefficients("universal_joints.cos_angle")?,
            },
            slider_cranks: SliderCranks {
                row: self.indices("slider_cranks.row")?,
                index_a: self.indices("slider_cranks.index_a")?,
                index_b: self.indices("slider_cranks.index_b")?,
                crank: self.coefficients("slider_cranks.crank")?,
                rod: self.coefficients("slider_cranks.rod")?,
            },
            cams: self.cams()?,
            elimination_order: self.indices("elimination_order")?,
        };
        assembly.check().map_err(InvalidValueError::new_err)?;
        Ok(assembly)
    }

    fn cams(&self) -> PyResult<Cams> {
        let (lift, harmonic_count) = self.matrix("cams.lift")?;
        Ok(Cams {
            row: self.indices("cams.row")?,
            index_a: self.indices("cams.index_a")?,
            index_b: self.indices("cams.index_b")?,
            lift,
            harmonic_count,
        })
    }

    fn get<T: numpy::Element>(&self, name: &str) -> PyResult<(Vec<usize>, Vec<T>)> {
        let item = self.0.get_item(name)?;
        let item = item.ok_or_else(|| InvalidValueError::new_err(format!("array {name} is missing")))?;
        let array = item.cast::<PyArrayDyn<T>>().map_err(|_| {
            InvalidValueError::new_err(format!("array {name} has another element type than it should"))
        })?;
        Ok((array.shape().to_vec(), array.to_vec().map_err(|_| not_contiguous(name))?))
    }

    /// Coefficients of shape (k,) or (member_count, k).
    fn coefficients(&self, name: &str) -> PyResult<Coefficients> {
        let (shape, values) = self.get::<f64>(name)?;
        Ok(Coefficients::new(values, shape.last().copied().unwrap_or(0)))
    }

    /// Coefficients of shape (k, columns) or (member_count, k, columns), and the number of columns.
    fn matrix(&self, name: &str) -> PyResult<(Coefficients, usize)> {
        let (shape, values) = self.get::<f64>(name)?;
        let [.., rows, columns] = shape[..] else {
            return Err(InvalidValueError::new_err(format!("array {name} must have a column axis")));
        };
        Ok((Coefficients::new(values, rows * columns), columns))
    }

    fn indices(&self, name: &str) -> PyResult<Vec<usize>> {
        let (_, values) = self.get::<i64>(name)?;
        let index = |&value| {
            usize::try_from(value).map_err(|_| {
                InvalidValueError::new_err(format!("array {name} holds a negative index {value}"))
            })
        };
        values.iter().map(index).collect()
    }

    fn quadruples(&self, name: &str) -> PyResult<Vec<[usize; 4]>> {
        Ok(self.indices(name)?.as_chunks::<4>().0.to_vec())
    }
}

/// The error for a buffer that is not C-contiguous.
pub(crate) fn not_contiguous(name: &str) -> PyErr {
    InvalidValueError::new_err(format!("array {name} must be C-contiguous"))
}
