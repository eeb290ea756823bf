//! The checks that every change must pass.

use crate::shell::{run, run_with};
use crate::{conformance, peers};

/// fmt, clippy, docs, tests.
pub fn all() -> Result<(), String> {
    run("cargo", &["fmt", "--all", "--check"])?;
    run("cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    run_with(
        "cargo",
        &["doc", "--workspace", "--no-deps", "--locked"],
        &[("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links")],
    )?;
    test()
}

/// All tests: the crates' own, then the recorded conformance cases, then airplane's suite.
pub fn test() -> Result<(), String> {
    let found = peers::environment()?;
    let found: Vec<(&str, &str)> =
        found.iter().map(|(name, value)| (*name, value.as_str())).collect();
    run_with("cargo", &["test", "--workspace", "--locked"], &found)?;
    conformance::run(&[])?;
    peers::suite()
}
