//! Speed and memory beside terraform in one run: tests/bench/compare.py and tests/bench/scaling.py.

use crate::shell::{self, target_dir};

/// Builds the release program and runs the benchmarks; prints ratios, asserts nothing.
pub fn run(arguments: &[String]) -> Result<(), String> {
    shell::run("cargo", &["build", "--release", "--locked", "--package", "kprov"])?;
    let program = target_dir().join("release/kprov");
    let program = program.to_string_lossy().into_owned();
    let mut compare = vec!["tests/bench/compare.py", "--bin", &program];
    if arguments.iter().any(|argument| argument == "--quick") {
        compare.extend(["--n", "200", "--runs", "1"]);
    }
    shell::run("python3", &compare)?;
    shell::run("python3", &["tests/bench/scaling.py", "--bin", &program])
}
