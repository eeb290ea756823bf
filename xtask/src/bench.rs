//! Speed and memory beside terraform in one run: startup.py, compare.py and scaling.py of tests/bench;
//! then aws_plan.py and aws_chain.py, on airplane.

use crate::shell::{self, target_dir};

/// Builds the release program and runs the benchmarks; prints ratios, asserts nothing.
pub fn run(arguments: &[String]) -> Result<(), String> {
    shell::run("cargo", &["build", "--release", "--locked", "--package", "kprov"])?;
    let program = target_dir().join("release/kprov");
    let program = program.to_string_lossy().into_owned();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    shell::run("python3", &["tests/bench/startup.py", "--bin", &program])?;
    let mut compare = vec!["tests/bench/compare.py", "--bin", &program];
    let mut scaling = vec!["tests/bench/scaling.py", "--bin", &program];
    if quick {
        compare.extend(["--n", "200", "--runs", "1"]);
        scaling.extend(["--sizes", "1000,2000,4000", "--runs", "1"]);
    }
    shell::run("python3", &compare)?;
    if !quick {
        // Alone: terraform takes minutes for each of these.
        let large = ["--kinds", "ac,b", "--n", "10000", "--vs", "none"];
        shell::run(
            "python3",
            &[&["tests/bench/compare.py", "--bin", &program], &large[..]].concat(),
        )?;
    }
    shell::run("python3", &scaling)?;
    on_airplane(&program, quick)
}

/// What AWS's distance and AWS's own delays make of a plan and an apply.
fn on_airplane(program: &str, quick: bool) -> Result<(), String> {
    let plan = ["tests/bench/aws_plan.py", "--bin", program, "--objects"];
    shell::run("python3", &[&plan[..], &["1000"]].concat())?;
    if quick {
        return Ok(());
    }
    shell::run("python3", &[&plan[..], &["5000"]].concat())?;
    shell::run("python3", &["tests/bench/aws_chain.py", "--bin", program])
}
