//! Changes: what becomes of each object, and in which order.
//!
//! Pure functions of values. Nothing here evaluates configuration or asks a provider for more than
//! a plan; what must be evaluated comes in as values.

pub mod cbd;
pub mod contract;
pub mod delete;
pub mod diff;
pub mod drift;
pub mod forced;
pub mod ignore;
pub mod import;
pub mod lint;
pub mod moved;
pub mod order;
pub mod outputs;
pub mod proposed;
pub mod removed;
pub mod replace_trigger;
pub mod rotation_order;
pub mod target;
#[cfg(test)]
pub(crate) mod testing;
