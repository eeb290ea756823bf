//! airplane: a strict AWS in one process. See docs/adr/0002-aws-and-airplane.md.
//! `Airplane::handle` is all of it, sans I/O but for its database; `server` is a thin shell around it.

mod airplane;
mod around;
mod balancing;
#[cfg(test)]
mod balancing_tests;
mod control;
mod machines;
mod probe;
mod proxy;
mod remote;
pub mod server;
mod service;
#[cfg(test)]
mod testing;
mod wire;
mod world;

pub use airplane::{Airplane, Config, Delivery, StartError};
pub use around::throttle::Throttling;
pub use machines::{Machines, Program};
pub use remote::{Remote, RemoteError};
pub use world::clock::ClockKind;
