//! The suite of `tests/airplane` against airplane and against moto, and the AWS provider's cases over moto.
//!
//! A peer that cannot be had is said loudly and fails, unless KPROV_WITHOUT_PEERS=1 allows it to be missing.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::python;
use crate::shell::{root, run_with};

const SUITE: &str = "tests/airplane";
/// The servers that the suite judges.
const TARGETS: [&str; 2] = ["airplane", "moto"];
/// How long moto may take to listen.
const STARTING: Duration = Duration::from_secs(60);

/// The suite against airplane and against moto, and then the provider's own cases over moto.
pub fn suite() -> Result<(), String> {
    let python = match python::environment() {
        Ok(python) => python,
        Err(reason) => return without(&reason),
    };
    // At the same time: each half waits for its server most of the time.
    let runs = TARGETS.map(|target| {
        eprintln!("$ python -m pytest {SUITE} --target {target}");
        let python = python.clone();
        (target, std::thread::spawn(move || run(&python, target)))
    });
    let mut failed = Vec::new();
    for (target, run) in runs {
        let output = run.join().map_err(|_| format!("the run against {target} panicked"))??;
        println!("{target}: {}", String::from_utf8_lossy(&output.stdout).trim_end());
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            failed.push(format!("{SUITE} against {target} ended with {}", output.status));
        }
    }
    if let Err(reason) = provider(&python) {
        failed.push(format!("the provider's cases over moto: {reason}"));
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

/// The provider's cases over moto.
fn provider(python: &Path) -> Result<(), String> {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|probe| probe.local_addr())
        .map_err(|error| format!("no port for moto: {error}"))?
        .port();
    let mut moto = Command::new(python)
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
        .env("MOTO_AMIS_PATH", root().join(SUITE).join("moto-images.json"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start moto: {error}"))?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let tests = ["test", "--locked", "-p", "kprov-provider-aws", "--lib", "--", "conform"];
    let result = answers(port)
        .and_then(|()| run_with("cargo", &tests, &[("KPROV_MOTO_ENDPOINT", endpoint.as_str())]));
    let ended = moto.kill().and_then(|()| moto.wait().map(|_| ()));
    result.and(ended.map_err(|error| format!("moto did not end: {error}")))
}

/// Waits until somebody listens.
fn answers(port: u16) -> Result<(), String> {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if start.elapsed() > STARTING {
            return Err(format!("moto does not listen on port {port} after {STARTING:?}"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// One run of the suite, heard out.
fn run(python: &Path, target: &str) -> Result<Output, String> {
    Command::new(python)
        .args(["-m", "pytest", "--quiet", "--target", target])
        .arg(root().join(SUITE))
        .current_dir(root())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .map_err(|error| format!("cannot run {}: {error}", python.display()))
}

/// What happens when the peers cannot be had.
fn without(reason: &str) -> Result<(), String> {
    let told = format!(
        "not tested: {SUITE} against airplane and moto, and the AWS provider over moto, because {reason}"
    );
    if super::may_be_missing() {
        eprintln!("\n!!! {told}\n!!! allowed by KPROV_WITHOUT_PEERS=1\n");
        return Ok(());
    }
    Err(format!("{told}; KPROV_WITHOUT_PEERS=1 lets the rest pass without it"))
}
