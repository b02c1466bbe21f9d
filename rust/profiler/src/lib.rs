//! In-process sampling of native stacks, and flamegraphs of folded stacks. Knows nothing of Python.

mod flamegraph;
mod sampler;

pub use flamegraph::{render, render_difference};
pub use sampler::{Sampler, SamplingError, Stack};
