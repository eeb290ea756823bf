//! `cargo xtask COMMAND`: the house habits in one place.
//!
//! - `test`: everything that must hold: unit and suite tests of all crates (tidy included), then
//!   the recorded conformance cases against the program, then airplane's suite with its peers.
//! - `peers`: makes the Python environment of boto3 and moto that airplane's suite runs in, and
//!   builds the programs of etcd and Kubernetes that nodes run in tests; `peers test` runs
//!   airplane's suite, which `test` does too.
//! - `bench`: speed and memory beside terraform, in one run.
//! - `kill`: kills applies and destroys of examples/network on airplane, at so many drawn moments
//!   (`--kills 50 --seed 7`), and checks that nothing is orphaned and nothing twice.
//! - `readme`: writes the READMEs of the modules from the modules.
//! - `ci`: what `.ci/run` calls: fmt, clippy, docs, test.

mod bench;
mod ci;
mod conformance;
mod kill;
mod peers;
mod readme;
mod shell;
#[cfg(test)]
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let result = match arguments.first().map(String::as_str) {
        Some("test") => ci::test(),
        Some("ci") => ci::all(),
        Some("conformance") => conformance::run(rest),
        Some("peers") => peers::command(rest),
        Some("bench") => bench::run(rest),
        Some("kill") => kill::run(rest),
        Some("readme") => readme::write(),
        _ => Err("usage: cargo xtask test | ci | conformance [expressions|scenarios] | peers \
             [python|programs [-minor MINOR]|test] | readme | \
             bench [--quick] | kill [--kills N] [--seed N]"
            .to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
