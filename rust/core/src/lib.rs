//! Sparse, vectorised time integration of constrained drivetrains.
//!
//! The way through: an [`Assembly`] of tables is turned into a schedule ([`schedule`]) that depends on its structure
//! alone, once bodies that are geared rigidly together share a coordinate ([`gearing`]); for each batch of members the
//! coefficients are spread over lanes ([`elements`], [`rigid`], [`mechanism`]);
//! the time loop ([`batch`]) lets an integrator ([`integrators`]) ask the [`system`] for accelerations and
//! projections and records what it is told to ([`recorder`]); batches are spread over [`threads`].
//!
//! All kernels are generic over [`vector::Vector`] and compiled for several instruction sets ([`instructions`]).

mod aligned;
mod assembly;
mod batch;
mod constraints;
mod elements;
mod ensemble;
mod functions;
mod gearing;
mod history;
mod instructions;
mod integrators;
mod interrupt;
mod lanes;
mod ledger;
mod mechanism;
mod newton;
mod outcome;
mod phases;
mod recorder;
mod rigid;
mod schedule;
mod settings;
mod solver;
mod system;
mod threads;
mod vector;

pub use assembly::{
    Assembly, Cams, Coefficients, Excitations, Frictions, Gusts, LinearRows, Meshes, Quadratics, Sails,
    SliderCranks, Springs, Unbalances, UniversalJoints,
};
pub use ensemble::{simulate, simulate_on};
pub use history::History;
pub use instructions::InstructionSet;
pub use interrupt::Poll;
pub use outcome::{Interrupted, MemberOutcome, Outcome, Status};
pub use phases::PhaseSeconds;
pub use settings::{Integrator, Settings};
