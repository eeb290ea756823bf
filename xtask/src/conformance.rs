//! The recorded conformance cases (`tests/conformance`) against the release program.
//!
//! The cases and their runners were recorded from terraform 1.11.4 and are read only. The floors
//! below only ever rise.

use std::process::Command;

use crate::shell::{self, root, target_dir};

/// At least so many expression cases of 3,813 must pass (99 % are 3,775).
const EXPRESSIONS_FLOOR: u32 = 3800;
/// At least so many scenarios of 311 must pass (90 % are 280).
const SCENARIOS_FLOOR: u32 = 280;

/// Runs `expressions`, `scenarios`, or both.
pub fn run(which: &[String]) -> Result<(), String> {
    shell::run("cargo", &["build", "--release", "--locked", "--package", "kprov"])?;
    let wanted = |name: &str| which.is_empty() || which.iter().any(|w| w == name);
    if wanted("expressions") {
        suite("run_expressions.py", EXPRESSIONS_FLOOR)?;
    }
    if wanted("scenarios") {
        suite("run_scenarios.py", SCENARIOS_FLOOR)?;
    }
    Ok(())
}

/// Runs one runner and compares the count of its last line with the floor.
fn suite(script: &str, floor: u32) -> Result<(), String> {
    let script = root().join("tests/conformance").join(script);
    let program = target_dir().join("release/kprov");
    eprintln!("$ {} --bin {}", script.display(), program.display());
    let output = Command::new("python3")
        .arg(&script)
        .arg("--bin")
        .arg(&program)
        .args(["--jobs", "2"])
        .output()
        .map_err(|error| {
            format!("cannot run python3, which the conformance cases need: {error}")
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    // The runner's last line counts recorded cases, not this project's tests: it is told in words.
    let (report, last) = text.trim_end().rsplit_once('\n').unwrap_or(("", text.trim_end()));
    println!("{report}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed: u32 = last
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| format!("{}: no summary line", script.display()))?;
    if passed < floor {
        return Err(format!("{}: {passed} passed, the floor is {floor}", script.display()));
    }
    println!(
        "{}: {passed} recorded cases agree with terraform (at least {floor} must)",
        script.display()
    );
    Ok(())
}
