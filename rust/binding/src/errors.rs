//! The one place where errors of the core become Python exceptions.

use std::any::Any;

use pyo3::prelude::*;

pyo3::import_exception!(molenspin.errors, InvalidValueError);
pyo3::import_exception!(molenspin.errors, MolenspinError);

/// A panic of the core, which is a bug of ours.
pub(crate) fn internal_error(panic: &(dyn Any + Send)) -> PyErr {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    MolenspinError::new_err(format!("internal error in the compiled core, please report it: {message}"))
}
