//! Secrets at rest, as the program keeps them: planted secrets are looked for in every file and in all
//! that was said, through a whole life of a project.
//!
//! A configuration to be checked is one entry of [`planted::PLANTED`].

mod keys;
mod kms;
mod planted;
mod quoting;
mod rekeying;
mod search;

use crate::place::Place;
use crate::program::Output;

/// Is given in the environment of every run, so that no file of the project holds it.
const SECRET: &str = "hunter2 \"correct\" horse/battery+staple\u{e9}";
const OTHER: &str = "tr0ub4dor&3 is-not-the-same";

/// Runs the program with the variable `secret`.
fn with_secret(place: &Place, secret: &str, line: &str) -> Output {
    with(place, &[("TF_VAR_secret", secret)], line)
}

/// Runs the program with these variables of the environment besides.
fn with(place: &Place, variables: &[(&str, &str)], line: &str) -> Output {
    let mut command = place.command(&line.split_whitespace().collect::<Vec<_>>());
    command.envs(variables.iter().copied());
    crate::program::Running::start(command).finish()
}

/// One secret, one output of it and one object without.
const ONE: &str = r#"
variable "secret" {
  type      = string
  sensitive = true
}
resource "terraform_data" "kept" { input = var.secret }
resource "terraform_data" "open" { input = "legible" }
output "kept" {
  value     = var.secret
  sensitive = true
}
output "open" { value = terraform_data.open.output }
"#;

/// A place where [`ONE`] is applied.
fn one() -> Place {
    let place = Place::new(ONE);
    with_secret(&place, SECRET, "apply -auto-approve").succeeds();
    place
}
