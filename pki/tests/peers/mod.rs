//! Other programs that judge what this crate makes: openssl, ssh-keygen, Go. Where one is missing the test says so loudly.

#![allow(
    dead_code,
    clippy::print_stderr,
    reason = "each test program uses a part of it, and tells people what it skips"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kprov_pki::{Authority, AuthorityRequest, DistinguishedName, KeyAlgorithm, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) fn random(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().expect("a time")
}

pub(crate) fn authority(name: &str, algorithm: KeyAlgorithm, seed: u64) -> Authority {
    let request = AuthorityRequest {
        algorithm,
        ..AuthorityRequest::new(DistinguishedName::common(name), now())
    };
    Authority::generate(&request, &mut random(seed)).expect("an authority")
}

/// A directory with files; gone when dropped.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Files {
        Files(tempfile::tempdir().expect("a directory"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        let mut file = std::fs::File::create(&path).expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&path, private).expect("permissions");
        }
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Runs a program; `None` where it is not on this machine. The answer: did it succeed, and what did it say?
pub(crate) fn run(program: &str, arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(why) => {
            eprintln!("*** NOT CHECKED: {program} is not on this machine ({why}) ***");
            return None;
        }
    };
    // A program that does not read its input closes it.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

/// As [`run`], and it must succeed.
pub(crate) fn succeeds(program: &str, arguments: &[&str], input: &str) -> Option<String> {
    let (success, said) = run(program, arguments, input)?;
    assert!(success, "{program} {arguments:?}: {said}");
    Some(said)
}
