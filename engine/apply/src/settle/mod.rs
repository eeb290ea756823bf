//! Settling: finding out what became of an operation whose outcome was never recorded.

mod table;

pub use table::{Decision, Found, Row, TABLE, decide};
