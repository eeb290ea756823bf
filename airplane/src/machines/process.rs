//! Processes of machines: how one is started, ended with all its group, and found again by an airplane that did not start it.
use super::Program;
use crate::world::machines::{Exit, Order};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

/// How often it is looked whether a process that is no child of ours is gone.
const LOOK: Duration = Duration::from_millis(50);
const NOTE: &str = "process.json";
/// Set in the environment of every machine.
const MACHINE: &str = "KPROV_MACHINE";

/// A process by its id and the time of its birth, since ids are given again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    pid: u32,
    born: String,
}

/// Where a machine finds airplane and what is said of itself.
pub(super) struct Endpoints {
    pub(super) airplane: SocketAddr,
    pub(super) metadata: SocketAddr,
}

// Variables of whoever started airplane that would lead a machine elsewhere, above all to real credentials.
fn leads_astray(name: &str) -> bool {
    name.starts_with("AWS_") || name.starts_with("KPROV_AIRPLANE") || name.starts_with("TF_")
}

/// Starts a machine, and leaves a note of its process in its directory.
pub(super) fn start(program: &Program, order: &Order, at: &Endpoints) -> io::Result<Child> {
    let directory = std::path::absolute(program.directory_of(&order.instance))?;
    fs::create_dir_all(&directory)?;
    // User data may hold what is nobody else's business, and so may what the machine keeps.
    fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
    let user_data = directory.join("user-data");
    fs::write(&user_data, &order.user_data)?;
    let log = open_log(program, &order.instance)?;
    let endpoint = format!("http://{}", at.airplane);
    let mut command = Command::new(&program.program);
    command.args(&program.arguments).args(["node", "up", "-user-data"]).arg(&user_data);
    command.arg("-directory").arg(directory.join("node"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(leads_astray) {
            command.env_remove(name);
        }
    }
    command
        .env(MACHINE, &order.instance)
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{}", at.metadata))
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_REGION", &order.region)
        .env("AWS_DEFAULT_REGION", &order.region)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("KPROV_NODE_ADDRESSES", format!("{endpoint}/_airplane/addresses"));
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    // A group of its own, so that what it starts ends with it.
    command.process_group(0).current_dir(&directory).kill_on_drop(true);
    let mut child = command.spawn()?;
    if let Some(pid) = child.id()
        && let Err(error) = leave_note(&directory, pid)
    {
        // One that nobody could find again shall not be.
        let _ = child.start_kill();
        return Err(error);
    }
    Ok(child)
}

/// The log of a machine, to write at its end.
pub(super) fn open_log(program: &Program, instance: &str) -> io::Result<File> {
    fs::create_dir_all(&program.directory)?;
    OpenOptions::new().create(true).append(true).mode(0o600).open(program.log_of(instance))
}

fn leave_note(directory: &Path, pid: u32) -> io::Result<()> {
    let note = Note { pid, born: born(pid).unwrap_or_default() };
    let (new, path) = (directory.join("process.json.new"), directory.join(NOTE));
    fs::write(&new, serde_json::to_string(&note)?)?;
    fs::rename(new, path)
}

/// Takes the note away: the process is gone.
pub(super) fn take_note_away(directory: &Path) {
    // Who reads a stale note sees that nobody of that birth is there.
    let _ = fs::remove_file(directory.join(NOTE));
}

/// Sends a signal to the group that a process leads. One that is gone already is no error.
pub(super) fn signal(leader: u32, signal: Signal) {
    if let Some(pid) = pid(leader) {
        let _ = kill_process_group(pid, signal);
    }
}

fn pid(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().filter(|number| *number > 1).and_then(Pid::from_raw)
}

/// Waits for the end of a child that was told to end, and kills it when patience is over. Afterwards nobody of its group is
/// there any more.
pub(super) async fn end(child: &mut Child, leader: u32, patience: Duration) {
    signal(leader, Signal::TERM);
    if tokio::time::timeout(patience, child.wait()).await.is_err() {
        signal(leader, Signal::KILL);
        let _ = child.wait().await;
    }
    signal(leader, Signal::KILL);
}

/// How a process ended, from its status.
pub(super) fn exit(status: ExitStatus) -> Exit {
    Exit { code: status.code(), signal: status.signal() }
}

/// Directories of machines below a directory, by instance.
pub(super) fn directories(program: &Program) -> Vec<String> {
    let all = fs::read_dir(&program.directory).into_iter().flatten().flatten();
    let machines = all.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let names = machines.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with("i-")).collect()
}

/// Ends what an airplane that was killed left of a machine: the process of the note, and its group.
pub(super) async fn end_orphan(program: &Program, instance: &str) {
    let directory = program.directory_of(instance);
    let note = fs::read_to_string(directory.join(NOTE));
    let Some(note) = note.ok().and_then(|text| serde_json::from_str::<Note>(&text).ok()) else {
        return;
    };
    let begun = tokio::time::Instant::now();
    let mut told = None;
    while is_there(&note, instance) {
        let wanted = if begun.elapsed() < program.patience { Signal::TERM } else { Signal::KILL };
        if told != Some(wanted) {
            signal(note.pid, wanted);
            told = Some(wanted);
        }
        tokio::time::sleep(LOOK).await;
    }
    take_note_away(&directory);
}

// Is the process still there, or anybody of its group?
fn is_there(note: &Note, instance: &str) -> bool {
    let leader = pid(note.pid).is_some_and(|pid| test_kill_process(pid).is_ok());
    leader && born(note.pid).is_some_and(|born| born == note.born && !born.is_empty())
        || group(note.pid).into_iter().any(|member| belongs(member, instance))
}

// The fields of a process's line in /proc that stand after its name: state, parent, group, ...
fn fields(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

// When a process began, in words that are only compared. A zombie is gone.
fn born(pid: u32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let fields =
            fields(pid).filter(|fields| fields.first().is_some_and(|state| state != "Z"))?;
        return fields.get(19).cloned();
    }
    let mut ps = std::process::Command::new("ps");
    let output = ps.args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|born| !born.is_empty())
}

// Who is of a process group, where /proc tells.
fn group(leader: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_of_it = |pid: &u32| {
        fields(*pid).is_some_and(|fields| {
            fields.first().is_some_and(|state| state != "Z")
                && fields.get(2).is_some_and(|group| *group == leader.to_string())
        })
    };
    pids.filter(is_of_it).collect()
}

// Was a process started as a part of this machine?
fn belongs(pid: u32, instance: &str) -> bool {
    let path = PathBuf::from(format!("/proc/{pid}/environ"));
    let wanted = format!("{MACHINE}={instance}");
    let environment = fs::read(path).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
}
