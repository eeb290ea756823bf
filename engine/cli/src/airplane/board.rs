//! `-airplane`: the same run, with every AWS client of it pointed at the airplane.
//!
//! What must hold: no file of the configuration changes; the provider, local-exec commands and what
//! they start all go to the airplane; nothing with real credentials can be reached by mistake,
//! because the credentials in the environment are replaced, too.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use kprov_core::Diagnostic;

use super::{Flight, Manner, block_on, problem, start};
use crate::output;

/// Set in a run that is pointed at an airplane; the AWS provider reads it and makes up credentials.
const ENDPOINT: &str = "KPROV_AIRPLANE_ENDPOINT";

/// Beside it: how fast its clock is, and one moment in its seconds and in ours.
const CLOCK: &str = "KPROV_AIRPLANE_CLOCK";

/// Starts the airplane or attaches to it, and begins this program anew with an environment that
/// points there. Comes back only where that was done already, or failed.
pub(crate) fn board(from: Option<&Path>) -> Result<(), Diagnostic> {
    if std::env::var_os(ENDPOINT).is_some() {
        return Ok(());
    }
    let (flight, new) = start(&Manner::default())?;
    let endpoint = flight.remote().endpoint();
    let verb = if new { "started" } else { "attached to" };
    output::complain(&format!("airplane: {verb} {endpoint} (process {})\n", flight.pid));
    let program = std::env::current_exe().map_err(|error| problem(error.to_string()))?;
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1));
    // The arguments are read again, "-chdir" too.
    if let Some(from) = from {
        command.current_dir(from);
    }
    let clock = clock(&flight)?;
    command
        .env(ENDPOINT, &endpoint)
        .env(CLOCK, clock)
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_ACCESS_KEY_ID", "AIRPLANE123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "airplane")
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_DEFAULT_PROFILE");
    Err(problem(format!("Cannot begin anew: {}.", command.exec())))
}

/// `SCALE THEIRS OURS`. A stepped clock stands still, and is taken as ours.
fn clock(flight: &Flight) -> Result<String, Diagnostic> {
    let status = block_on(flight.remote().get("status"))?;
    let status = status.map_err(|error| problem(error.to_string()))?;
    let scaled =
        status["clock"].as_str().and_then(|clock| clock.strip_prefix("scaled(")?.strip_suffix(')'));
    let scale = scaled.and_then(|scale| scale.parse::<f64>().ok()).unwrap_or(1.0);
    let ours = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ours = ours.map_or(0, |since| since.as_secs());
    let theirs = status["now_millis"].as_u64().map_or(ours, |millis| millis / 1000);
    Ok(format!("{scale:.0} {theirs} {ours}"))
}
