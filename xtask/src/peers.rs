//! The peers that judge us from outside: boto3, botocore and moto, in a Python environment of their
//! own, and the suite that they run (`tests/airplane`). moto also judges the AWS provider.
//!
//! The environment lies outside the clone, keyed by what it holds, so that it is made once. What
//! cannot be had is said loudly and fails, unless KPROV_WITHOUT_PEERS=1 allows it to be missing.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::shell::{root, run_with};

const REQUIREMENTS: &str = "tests/airplane/requirements.txt";
const SUITE: &str = "tests/airplane";
/// The servers that the suite judges.
const TARGETS: [&str; 2] = ["airplane", "moto"];
/// How long moto may take to listen.
const STARTING: Duration = Duration::from_secs(60);
/// The oldest Python that has `tomllib`.
const CAN_RUN: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// `peers` prints the environment's Python, and makes it first where needed; `peers test` runs the suite.
pub fn command(rest: &[String]) -> Result<(), String> {
    match rest.first().map(String::as_str) {
        None => environment().map(|python| println!("{}", python.display())),
        Some("test") => suite(),
        Some(other) => Err(format!("peers takes nothing or `test`, not `{other}`")),
    }
}

/// Makes the environment if it is not there yet, and gives its Python.
fn environment() -> Result<PathBuf, String> {
    let requirements = root().join(REQUIREMENTS);
    let wanted = fs::read(&requirements)
        .map_err(|error| format!("cannot read {}: {error}", requirements.display()))?;
    let home = cache()?.join(format!("{:016x}", fnv1a(&wanted)));
    let python = home.join("bin/python");
    if python.exists() {
        return Ok(python);
    }
    eprintln!("peers: making {} from {REQUIREMENTS}", home.display());
    // Made beside its place and renamed, so that an interrupted run leaves nothing half made.
    let making = home.with_extension(format!("making-{}", std::process::id()));
    let made = make(&making, &requirements);
    let placed = made.and_then(|()| place(&making, &home));
    if placed.is_err() {
        // What is left over is only in the way of the disk: its name is never looked up.
        let _ = fs::remove_dir_all(&making);
    }
    placed.map(|()| python)
}

/// The suite against airplane and against moto, and then the provider's own cases over moto.
pub fn suite() -> Result<(), String> {
    let python = match environment() {
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
    if std::env::var_os("KPROV_WITHOUT_PEERS").is_some_and(|value| value == "1") {
        eprintln!("\n!!! {told}\n!!! allowed by KPROV_WITHOUT_PEERS=1\n");
        return Ok(());
    }
    Err(format!("{told}; KPROV_WITHOUT_PEERS=1 lets the rest pass without it"))
}

fn make(home: &Path, requirements: &Path) -> Result<(), String> {
    quietly(Command::new("python3").args(["-c", CAN_RUN]))
        .map_err(|error| format!("python3 3.11 or newer is needed: {error}"))?;
    if let Some(parent) = home.parent() {
        fs::create_dir_all(parent)
            .map_err(|error| format!("cannot make {}: {error}", parent.display()))?;
    }
    quietly(Command::new("python3").args(["-m", "venv"]).arg(home))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    quietly(Command::new(home.join("bin/python")).args(pip).arg(requirements))
}

/// Moves a finished environment to its place; one that another run has put there is as good.
fn place(making: &Path, home: &Path) -> Result<(), String> {
    match fs::rename(making, home) {
        Ok(()) => Ok(()),
        Err(_) if home.join("bin/python").exists() => {
            fs::remove_dir_all(making).map_err(|error| error.to_string())
        }
        Err(error) => {
            Err(format!("cannot move {} to {}: {error}", making.display(), home.display()))
        }
    }
}

/// Runs a command whose output matters only when it fails.
fn quietly(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("cannot run {name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} ended with {}: {}", output.status, told.trim()))
}

/// Where environments lie: KPROV_PEERS_CACHE, else `kprov/peers` in the user's cache.
fn cache() -> Result<PathBuf, String> {
    let named = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    named("KPROV_PEERS_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|cache| cache.join("kprov/peers")))
        .or_else(|| named("HOME").map(|home| home.join(".cache/kprov/peers")))
        .ok_or_else(|| "none of KPROV_PEERS_CACHE, XDG_CACHE_HOME and HOME is set".to_owned())
}

/// FNV-1a: the same key in every version of the compiler.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    #[test]
    fn keys_are_those_of_fnv1a() {
        // From the reference implementation's test vectors.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
