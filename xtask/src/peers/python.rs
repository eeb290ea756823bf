//! The Python environment of boto3, botocore and moto.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache::{made, quietly};
use crate::shell::root;

const REQUIREMENTS: &str = "tests/airplane/requirements.txt";
const PYTHON: &str = "bin/python";
/// The oldest Python that has `tomllib`.
const CAN_RUN: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// Makes the environment if it is not there yet, and gives its Python.
pub(super) fn environment() -> Result<PathBuf, String> {
    let requirements = root().join(REQUIREMENTS);
    let wanted = fs::read(&requirements)
        .map_err(|error| format!("cannot read {}: {error}", requirements.display()))?;
    let home = made(&wanted, PYTHON, REQUIREMENTS, |home| make(home, &requirements))?;
    Ok(home.join(PYTHON))
}

fn make(home: &Path, requirements: &Path) -> Result<(), String> {
    quietly(Command::new("python3").args(["-c", CAN_RUN]))
        .map_err(|error| format!("python3 3.11 or newer is needed: {error}"))?;
    quietly(Command::new("python3").args(["-m", "venv"]).arg(home))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    quietly(Command::new(home.join(PYTHON)).args(pip).arg(requirements))
}
