//! `kprov node`: a machine becomes a master or a worker by its node document, and stays one. See docs/adr/0003.

mod binaries;
mod components;
pub mod document;
mod facts;
mod https;
mod layout;
mod problem;
mod supervisor;

pub use problem::Problem;
