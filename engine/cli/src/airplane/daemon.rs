//! The airplane's own process: `serve` is what it does, `start` brings it up from another one.

use std::fs::{File, TryLockError};
use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kprov_airplane::{Airplane, ClockKind, Config, Machines, Program, server};
use kprov_core::Diagnostic;

use super::{DIRECTORY, Flight, block_on, file, find, problem};
use crate::commands::BINARIES;
use crate::output;

/// How an airplane flies.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// Port 0: any that is free.
    pub(crate) listen: SocketAddr,
    pub(crate) seed: u64,
    /// `real`, `scaled:N`, `stepped`
    pub(crate) clock: String,
    /// A file of fault rules.
    pub(crate) faults: Option<String>,
    /// `hollow`, `process`, or nothing: as it was before.
    pub(crate) machines: Option<String>,
    /// What machines run, if not this program.
    pub(crate) program: Option<PathBuf>,
}

impl Default for Manner {
    fn default() -> Manner {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let machines = std::env::var(MACHINES).ok().filter(|text| !text.is_empty());
        let clock = "real".to_owned();
        Manner { listen, seed: 1, clock, faults: None, machines, program: None }
    }
}

/// What machines are, for airplanes that are started without saying so.
pub(crate) const MACHINES: &str = "KPROV_AIRPLANE_MACHINES";
/// So long a machine may take to end.
const MACHINE_PATIENCE: Duration = Duration::from_secs(30);

/// So long it may take until a new airplane answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves until it is told to stop by SIGTERM or Ctrl-C.
pub(crate) fn serve(manner: &Manner) -> Result<(), Diagnostic> {
    make_directory()?;
    // Held until the process ends, however it ends.
    let _lock = take_lock()?;
    let airplane = Airplane::new(config(manner)?).map_err(|error| problem(format!("{error}.")))?;
    block_on(async {
        let failed = |error: std::io::Error| {
            problem(format!("Cannot listen on {}: {error}.", manner.listen))
        };
        let server = server::start(Arc::new(airplane), manner.listen).await.map_err(failed)?;
        let flight = Flight { address: server.address(), pid: std::process::id() };
        flight.write()?;
        told_to_stop().await;
        Flight::erase();
        server.stop().await;
        Ok(())
    })?
}

fn config(manner: &Manner) -> Result<Config, Diagnostic> {
    let clock: ClockKind = manner.clock.parse().map_err(|error| problem(format!("{error}.")))?;
    let faults = match &manner.faults {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
            problem(format!("The fault rules in {path:?} cannot be read: {error}."))
        })?),
        None => None,
    };
    let database = Some(file("airplane.db"));
    let machines = machines(manner)?;
    // Standard error of the background process is its log.
    let log = |text: &str| output::complain(&format!("{text}\n"));
    Ok(Config { seed: manner.seed, clock, database, faults, machines, log, ..Config::default() })
}

fn machines(manner: &Manner) -> Result<Machines, Diagnostic> {
    let failed = |error: std::io::Error| problem(format!("No machines can be started: {error}."));
    let program = match &manner.program {
        Some(program) => program.clone(),
        None => std::env::current_exe().map_err(failed)?,
    };
    let directory = std::path::absolute(file("machines")).map_err(failed)?;
    // Two projects' airplanes have addresses of their own, as far as there are enough.
    let block = directory.as_os_str().as_encoded_bytes().iter();
    let block = block.fold(0_u8, |block, byte| block.wrapping_mul(31).wrapping_add(*byte));
    let arguments = Vec::new();
    let program = Program { program, arguments, directory, patience: MACHINE_PATIENCE, block };
    match manner.machines.as_deref() {
        // Who has programs for nodes at hand wants to see them run.
        None if std::env::var_os(BINARIES).is_some() && !file("airplane.db").exists() => {
            Ok(Machines::Process(program))
        }
        None => Ok(Machines::Remembered(program)),
        Some("process") => Ok(Machines::Process(program)),
        Some("hollow") => Ok(Machines::Hollow),
        Some(other) => Err(problem(format!(
            "Machines are \"hollow\" or \"process\", not {other:?}. The flag -machines says so, \
             or the environment variable {MACHINES}."
        ))),
    }
}

fn make_directory() -> Result<(), Diagnostic> {
    std::fs::create_dir_all(DIRECTORY)
        .map_err(|error| problem(format!("Cannot make the directory {DIRECTORY}: {error}.")))
}

fn take_lock() -> Result<File, Diagnostic> {
    let path = file("airplane.lock");
    let opened = File::options().create(true).append(true).open(&path);
    let lock =
        opened.map_err(|error| problem(format!("Cannot open {}: {error}.", path.display())))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(problem(
            "Another airplane flies for this project already. Attach to it with -airplane, or end \
             it with \"kprov airplane stop\".",
        )),
        Err(TryLockError::Error(error)) => {
            Err(problem(format!("Cannot lock {}: {error}.", path.display())))
        }
    }
}

/// Is no airplane of this project there any more, however it is doing?
pub(crate) fn has_landed() -> bool {
    // What cannot be opened is nobody's, or an error for whoever starts one.
    File::open(file("airplane.lock")).map_or(true, |lock| lock.try_lock().is_ok())
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else {
        // Without signal handlers the signals end the process as they do by default.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Brings up an airplane that outlives this process. If one flies already, that is the one; says
/// whether it is new.
pub(crate) fn start(manner: &Manner) -> Result<(Flight, bool), Diagnostic> {
    if let Some(flight) = find()? {
        agrees(&flight, manner)?;
        return Ok((flight, false));
    }
    make_directory()?;
    Flight::erase();
    let mut child = spawn(manner)?;
    let begun = Instant::now();
    loop {
        if let Some(flight) = find()? {
            return Ok((flight, flight_is(&child)));
        }
        if let Ok(Some(status)) = child.try_wait() {
            // Two starts at once: the other one's airplane may be up by now.
            return match find()? {
                Some(flight) => Ok((flight, false)),
                None => Err(problem(format!("It ended at once ({status}).{}", last_words()))),
            };
        }
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            return Err(problem(format!("It did not answer in time.{}", last_words())));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

// What machines are does not change while an airplane flies.
fn agrees(flight: &Flight, manner: &Manner) -> Result<(), Diagnostic> {
    let Some(wanted) = &manner.machines else { return Ok(()) };
    let asked = block_on(async { flight.remote().get("status").await })?;
    let state = asked.map_err(|error| problem(format!("{error}.")))?;
    match state["machines"].as_str() {
        Some(machines) if machines != wanted => Err(problem(format!(
            "The airplane that flies for this project has machines of the kind {machines:?}, not \
             {wanted:?}. End it with \"kprov airplane stop\"; what it holds stays."
        ))),
        _ => Ok(()),
    }
}

fn flight_is(child: &Child) -> bool {
    Flight::read().is_some_and(|flight| flight.pid == child.id())
}

fn spawn(manner: &Manner) -> Result<Child, Diagnostic> {
    use std::os::unix::process::CommandExt;
    let failed =
        |what: &str, error: std::io::Error| problem(format!("Cannot start it: {what}: {error}."));
    let program = std::env::current_exe().map_err(|error| failed("no own program", error))?;
    let log = File::create(file("airplane.log")).map_err(|error| failed("no log file", error))?;
    let mut command = Command::new(program);
    command.arg("airplane").arg("serve");
    command.arg("-listen").arg(manner.listen.to_string());
    command.arg("-seed").arg(manner.seed.to_string());
    command.arg("-clock").arg(&manner.clock);
    if let Some(faults) = &manner.faults {
        command.arg("-faults").arg(faults);
    }
    if let Some(machines) = &manner.machines {
        command.arg("-machines").arg(machines);
    }
    if let Some(program) = &manner.program {
        command.arg("-machine-program").arg(program);
    }
    // A group of its own: Ctrl-C in the terminal is for the run, not for the airplane.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().map_err(|error| failed("no process", error))
}

/// What the airplane wrote before it ended.
fn last_words() -> String {
    let mut text = String::new();
    let read = File::open(file("airplane.log")).and_then(|mut log| log.read_to_string(&mut text));
    match read {
        Ok(_) if !text.trim().is_empty() => format!(" It said:\n{}", text.trim()),
        _ => String::new(),
    }
}
