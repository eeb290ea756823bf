//! `kprov node`: a machine becomes a master or a worker by its node document, and stays one. See docs/adr/0003.
//!
//! What decides is pure or without I/O (`document`, `components`, `membership::decide`, `supervisor::machine`,
//! `certificates::due`, `notices`); thin shells around it ask and do.

mod aws;
mod binaries;
mod certificates;
mod claims;
mod components;
mod discovery;
pub mod document;
mod etcd;
mod facts;
mod files;
mod https;
mod kubernetes;
mod layout;
mod membership;
mod notices;
mod problem;
mod randomness;
pub mod render;
mod rotation;
mod secrets;
mod snapshots;
mod status;
mod supervisor;
#[cfg(test)]
mod testing;
mod up;

pub use problem::Problem;
pub use snapshots::{restore, snapshot};
pub use status::{Say, Standing, standing};
pub use up::{Options, Stop, leave, up};
