//! Elementary functions without branches, so that packs compute them in vector instructions.

mod hyperbolic;
mod trigonometric;

pub(crate) use hyperbolic::tanh;
pub(crate) use trigonometric::{rotate, sin_cos};
