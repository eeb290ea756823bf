//! The kill suite of `tests/cli/airplane/kills.rs`, as often as told.

use crate::shell;

/// Builds as the workspace's tests do, so that nothing is built twice.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (kills, seed) = (number(arguments, "--kills", 50)?, number(arguments, "--seed", 2026)?);
    let (kills, seed) = (kills.to_string(), seed.to_string());
    let test = ["test", "--workspace", "--locked", "--test", "cli"];
    let filter = ["--", "--nocapture", "airplane::kills"];
    let environment = [("KPROV_KILLS", kills.as_str()), ("KPROV_SEED", seed.as_str())];
    shell::run_with("cargo", &[&test[..], &filter[..]].concat(), &environment)
}

fn number(arguments: &[String], name: &str, default: u64) -> Result<u64, String> {
    let Some(at) = arguments.iter().position(|argument| argument == name) else {
        return Ok(default);
    };
    let given = arguments.get(at + 1).and_then(|text| text.parse().ok());
    given.ok_or_else(|| format!("{name} takes a number"))
}
