//! [`Process`]: one run of a command, in a process group of its own, which is killed when the time is up or nobody waits for
//! it any more. Whatever it left running when it ended by itself is its own business.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::tail::Tail;

/// What has ended may have left somebody with its output: that is not read for longer.
const OUTPUT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Process<'a> {
    /// The program, and its arguments.
    pub(super) command: Vec<String>,
    pub(super) environment: &'a [(String, String)],
    pub(super) input: Vec<u8>,
    pub(super) limit: Duration,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Exited(i32),
    Killed(i32),
    /// It took too long.
    Late,
}

/// What is left of it.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) status: Status,
    /// Of its output.
    pub(super) last_line: String,
    /// The end of its error output.
    pub(super) errors: String,
}

/// Ends with everybody in it.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Whoever is gone already is what was wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Process<'_> {
    pub(super) async fn run(&self) -> io::Result<Ended> {
        let (program, arguments) = self.command.split_first().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let mut group = Group(leader);
        let (output, errors) = (Tail::default(), Tail::default());
        let stdout = child.stdout.take().map(|from| tokio::spawn(output.clone().read(from)));
        let stderr = child.stderr.take().map(|from| tokio::spawn(errors.clone().read(from)));
        let stdin = child.stdin.take();
        let whole = async {
            let told = async {
                if let Some(mut stdin) = stdin {
                    // One that does not want to know may be gone by now.
                    let _ = stdin.write_all(&self.input).await;
                }
            };
            tokio::join!(child.wait(), told).0
        };
        let status = match tokio::time::timeout(self.limit, whole).await {
            Ok(status) => {
                // Its number is free for others from now on.
                group.0 = None;
                of(status?)
            }
            Err(_) => {
                drop(group);
                let _ = child.wait().await;
                Status::Late
            }
        };
        for reading in [stdout, stderr].into_iter().flatten() {
            let stop = reading.abort_handle();
            if tokio::time::timeout(OUTPUT, reading).await.is_err() {
                stop.abort();
            }
        }
        Ok(Ended { status, last_line: output.last_line(), errors: errors.end() })
    }
}

fn of(status: ExitStatus) -> Status {
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Exited(code),
        (None, signal) => Status::Killed(signal.unwrap_or_default()),
    }
}
