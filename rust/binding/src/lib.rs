//! The Python extension module `molenspin._core`: a thin layer over `molenspin-core`.

mod arrays;
mod errors;
mod profiling;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Instant;

use molenspin_core::{History, Integrator, MemberOutcome, Outcome, Settings};
use numpy::{PyArray1, PyReadwriteArray3, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Arrays, not_contiguous};
use crate::errors::{InvalidValueError, internal_error};

/// What a run reports, per member where an array.
#[pyclass(frozen, get_all, module = "molenspin._core")]
struct RunReport {
    status: Py<PyArray1<i8>>,
    stop_step: Py<PyArray1<i64>>,
    stop_index: Py<PyArray1<i64>>,
    stop_residual: Py<PyArray1<f64>>,
    max_residual: Py<PyArray1<f64>>,
    newton_iterations: Py<PyArray1<i64>>,
    force_evaluations: Py<PyArray1<i64>>,
    /// Seconds in stage evaluation, constraint assembly, Newton and history writes.
    phases: (f64, f64, f64, f64),
    elapsed: f64,
    path: String,
}

impl RunReport {
    fn new(py: Python<'_>, outcome: Outcome, elapsed: f64) -> Self {
        let members = &outcome.members;
        let counts = |count: fn(&MemberOutcome) -> u64| column(py, members, |m| count(m) as i64);
        let phases = outcome.phases;
        Self {
            status: column(py, members, |m| m.status as i8),
            stop_step: column(py, members, |m| m.stop_step as i64),
            stop_index: column(py, members, |m| m.stop_index.map_or(-1, |index| index as i64)),
            stop_residual: column(py, members, |m| m.stop_residual),
            max_residual: column(py, members, |m| m.max_residual),
            newton_iterations: counts(|m| m.newton_iterations),
            force_evaluations: counts(|m| m.force_evaluations),
            phases: (phases.stage_evaluation, phases.constraint_assembly, phases.newton, phases.history),
            elapsed,
            path: outcome.path,
        }
    }
}

fn column<T: numpy::Element>(
    py: Python<'_>,
    members: &[MemberOutcome],
    value: impl Fn(&MemberOutcome) -> T,
) -> Py<PyArray1<T>> {
    members.iter().map(value).collect::<Vec<T>>().to_pyarray(py).unbind()
}

/// Simulates all members of an assembly and fills the buffers.
#[pyfunction]
#[pyo3(signature = (arrays, *, member_count, dt, step_count, save_every, integrator, tolerance, newton_limit,
    runaway_limit, threads, angle, displacement, angular_velocity, velocity, reaction=None))]
#[allow(clippy::too_many_arguments)]
fn simulate(
    py: Python<'_>,
    arrays: &Bound<'_, PyDict>,
    member_count: usize,
    dt: f64,
    step_count: usize,
    save_every: usize,
    integrator: &str,
    tolerance: f64,
    newton_limit: usize,
    runaway_limit: f64,
    threads: usize,
    mut angle: PyReadwriteArray3<'_, f64>,
    mut displacement: PyReadwriteArray3<'_, f64>,
    mut angular_velocity: PyReadwriteArray3<'_, f64>,
    mut velocity: PyReadwriteArray3<'_, f64>,
    mut reaction: Option<PyReadwriteArray3<'_, f64>>,
) -> PyResult<RunReport> {
    let assembly = Arrays(arrays).assembly(member_count)?;
    let settings = Settings {
        dt,
        step_count,
        save_every: save_every.max(1),
        integrator: integrator_named(integrator)?,
        tolerance,
        newton_limit,
        runaway_limit,
        thread_count: threads,
    };
    let history = History {
        angle: slice(&mut angle, "angle")?,
        displacement: slice(&mut displacement, "displacement")?,
        angular_velocity: slice(&mut angular_velocity, "angular_velocity")?,
        velocity: slice(&mut velocity, "velocity")?,
        reaction: reaction.as_mut().map(|buffer| slice(buffer, "reaction")).transpose()?,
    };
    history.check(&assembly, &settings).map_err(InvalidValueError::new_err)?;
    let signal: Mutex<Option<PyErr>> = Mutex::new(None);
    let (result, elapsed) = py.detach(|| {
        let poll = || {
            Python::attach(|py| py.check_signals()).is_err_and(|error| {
                *signal.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                true
            })
        };
        let start = Instant::now();
        let run = || molenspin_core::simulate(&assembly, &settings, history, &poll);
        let result = catch_unwind(AssertUnwindSafe(run));
        (result, start.elapsed().as_secs_f64())
    });
    match result {
        Ok(Ok(outcome)) => Ok(RunReport::new(py, outcome, elapsed)),
        Ok(Err(molenspin_core::Interrupted)) => {
            let error = signal.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            Err(error.unwrap_or_else(|| pyo3::exceptions::PyKeyboardInterrupt::new_err(())))
        }
        Err(panic) => Err(internal_error(&*panic)),
    }
}

fn slice<'a>(buffer: &'a mut PyReadwriteArray3<'_, f64>, name: &str) -> PyResult<&'a mut [f64]> {
    buffer.as_slice_mut().map_err(|_| not_contiguous(name))
}

fn integrator_named(name: &str) -> PyResult<Integrator> {
    match name {
        "rk4" => Ok(Integrator::Rk4),
        "verlet" => Ok(Integrator::Verlet),
        "euler" => Ok(Integrator::Euler),
        other => Err(InvalidValueError::new_err(format!(
            "integrator {other:?} is not known to the compiled core: use rk4, verlet or euler"
        ))),
    }
}

/// Compiled time integration of constrained drivetrains.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::{RunReport, simulate};

    #[pymodule_export]
    use crate::profiling::{StackSampler, difference_flamegraph, flamegraph};

    /// SHA-256 over the Rust sources that this module was built from.
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const source_hash: &str = env!("MOLENSPIN_SOURCE_HASH");

    /// ``release`` or ``debug``.
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const build_profile: &str = if cfg!(debug_assertions) { "debug" } else { "release" };
}
