//! The sampler and the flamegraphs of `molenspin-profiler` as Python objects.

use molenspin_profiler::{Sampler, SamplingError, render, render_difference};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// Samples native stacks from its creation until `stop`.
#[pyclass]
pub(crate) struct StackSampler {
    sampler: Option<Sampler>,
}

#[pymethods]
impl StackSampler {
    #[new]
    fn new(frequency: i32) -> PyResult<Self> {
        let sampler = Sampler::start(frequency).map_err(sampling_error)?;
        Ok(Self { sampler: Some(sampler) })
    }

    /// Stops, and returns each stack (outermost frame first) with its number of samples.
    fn stop(&mut self) -> PyResult<Vec<(Vec<String>, usize)>> {
        let sampler = self.sampler.take();
        let sampler = sampler.ok_or_else(|| PyRuntimeError::new_err("the sampler was stopped before"))?;
        let stacks = sampler.stop().map_err(sampling_error)?;
        Ok(stacks.into_iter().map(|stack| (stack.frames, stack.count)).collect())
    }
}

/// Draws folded stacks as SVG.
#[pyfunction]
pub(crate) fn flamegraph(folded: &str, title: &str, unit: &str) -> PyResult<String> {
    render(folded, title, unit).map_err(drawing_error)
}

/// Draws the stacks of `after` as SVG, coloured by their change since `before`.
#[pyfunction]
pub(crate) fn difference_flamegraph(before: &str, after: &str, title: &str, unit: &str) -> PyResult<String> {
    render_difference(before, after, title, unit).map_err(drawing_error)
}

fn sampling_error(error: SamplingError) -> PyErr {
    PyRuntimeError::new_err(format!("stacks cannot be sampled: {error}"))
}

fn drawing_error(error: std::io::Error) -> PyErr {
    PyValueError::new_err(format!("stacks cannot be drawn: {error}"))
}
