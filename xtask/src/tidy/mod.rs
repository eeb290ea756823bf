//! Rules of the house that no linter knows, as tests: the allowed edges between crates, file and
//! function sizes, a `//!` at the top of each file.

mod edges;
mod sizes;
