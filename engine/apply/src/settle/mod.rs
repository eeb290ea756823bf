//! Settling: finding out what became of an operation whose outcome was never recorded.
//!
//! The decision stands in a table ([`decide`]); the executor uses it after an ambiguous failure,
//! [`settle_open`] for what an earlier run left open.

mod asking;
mod open;
mod table;

pub use open::{SettledIntent, Settling, settle_open};
pub use table::{Decision, Found, Row, TABLE, decide};
