//! One process: spawned into a group of its own, its pid on record, what it says in its log. A pid on record whose start
//! time is another's is not ours and left alone.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::discretion::Discretion;
use super::log::Log;
use crate::components::Invocation;
use crate::layout::Layout;
use crate::problem::Problem;

/// What is on record of a process.
#[derive(Debug)]
struct Record {
    pid: u32,
    /// In clock ticks since the machine started: with the pid it names a process for good.
    started: u64,
}

pub(super) struct Process {
    child: Child,
    pid_file: PathBuf,
    log: Arc<Mutex<Log>>,
    readers: Vec<tokio::task::JoinHandle<()>>,
}

pub(super) fn spawn(
    name: &str,
    invocation: &Invocation,
    layout: &Layout,
) -> Result<Process, String> {
    let mut command = Command::new(&invocation.program);
    command.args(&invocation.arguments).current_dir(layout.root()).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |error: std::io::Error| {
        format!("{} cannot be started: {error}", invocation.program.display())
    };
    let mut child = command.spawn().map_err(failed)?;
    let log = Arc::new(Mutex::new(Log::open(&layout.log(name), Discretion::of(layout))));
    let mut readers = Vec::new();
    if let Some(out) = child.stdout.take() {
        readers.push(tokio::spawn(copy(out, Arc::clone(&log))));
    }
    if let Some(err) = child.stderr.take() {
        readers.push(tokio::spawn(copy(err, Arc::clone(&log))));
    }
    let pid_file = layout.pid_file(name);
    let pid = child.id().unwrap_or_default();
    if let Some(started) = start_time(pid) {
        let text = format!("{pid} {started}\n");
        // Without it only a SIGKILL of this program leaves something behind.
        let _ = std::fs::write(&pid_file, text);
    }
    Ok(Process { child, pid_file, log, readers })
}

async fn copy(from: impl AsyncRead + Unpin, log: Arc<Mutex<Log>>) {
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while let Ok(1..) = reader.read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line);
        log.lock().unwrap_or_else(PoisonError::into_inner).line(text.trim_end());
        line.clear();
    }
}

impl Process {
    pub(super) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Waits for its end; gives how it ended, with its last words.
    pub(super) async fn ended(mut self) -> String {
        let how = match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => format!("nobody knows how: {error}"),
        };
        for reader in self.readers {
            // Grandchildren may hold the pipe open.
            let _ = tokio::time::timeout(Duration::from_secs(1), reader).await;
        }
        let _ = std::fs::remove_file(&self.pid_file);
        let last = self.log.lock().unwrap_or_else(PoisonError::into_inner).last_lines();
        if last.is_empty() {
            format!("it ended: {how}")
        } else {
            format!("it ended: {how}; it said last:\n{last}")
        }
    }
}

pub(super) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended just now.
        let _ = rustix::process::kill_process_group(pid, signal);
    }
}

/// Ends what an earlier run left behind when it was killed.
///
/// # Errors
/// When something of it does not end.
pub(crate) async fn end_orphans(
    layout: &Layout,
    patience: Duration,
) -> Result<Vec<String>, Problem> {
    let Ok(files) = std::fs::read_dir(layout.run()) else { return Ok(Vec::new()) };
    let mut ended = Vec::new();
    for path in files
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|e| e == "pid"))
    {
        let name =
            path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(record) = orphan(&path) {
            end(&name, &record, patience).await?;
            ended.push(name);
        }
        let _ = std::fs::remove_file(&path);
    }
    Ok(ended)
}

fn orphan(path: &Path) -> Option<Record> {
    let text = std::fs::read_to_string(path).ok()?;
    let (pid, started) = text.trim().split_once(' ')?;
    let record = Record { pid: pid.parse().ok()?, started: started.parse().ok()? };
    is_it(&record).then_some(record)
}

fn is_it(record: &Record) -> bool {
    start_time(record.pid) == Some(record.started)
}

async fn end(name: &str, record: &Record, patience: Duration) -> Result<(), Problem> {
    for (which, patience) in [(Signal::TERM, patience), (Signal::KILL, Duration::from_secs(10))] {
        signal(record.pid, which);
        let begun = tokio::time::Instant::now();
        while is_it(record) {
            if begun.elapsed() > patience {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if !is_it(record) {
            return Ok(());
        }
    }
    let detail = format!(
        "{name} (process {}) of an earlier run does not end, not even by SIGKILL.",
        record.pid
    );
    Err(Problem::new("An earlier run left something behind", detail))
}

/// When a process was started, in clock ticks; None where it is gone, or only waits to be reaped.
fn start_time(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(fields.first(), Some(&"Z" | &"X")) {
        return None;
    }
    fields.get(19)?.parse().ok()
}
