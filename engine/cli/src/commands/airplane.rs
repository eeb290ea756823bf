//! `airplane start|serve|stop|status|logs|dump|snapshot|restore|reset`

use std::time::{Duration, Instant};

use kprov_core::Diagnostic;
use serde_json::{Value as Json, json};

use crate::airplane::{Flight, block_on, find, has_landed, log_of, problem, serve, start};
use crate::args::AirplaneCommand;
use crate::failure::Outcome;
use crate::output;

/// Runs one of them.
pub(crate) fn run(command: AirplaneCommand) -> Outcome {
    match command {
        AirplaneCommand::Serve(flags) => serve(&flags.into())?,
        AirplaneCommand::Start(flags) => {
            let (flight, new) = start(&flags.into())?;
            let verb = if new { "Started" } else { "Already flying" };
            output::line(&format!("{verb}: {}", flight.remote().endpoint()));
        }
        AirplaneCommand::Stop => stop()?,
        AirplaneCommand::Status { json } => return status(json),
        AirplaneCommand::Logs { instance } => logs(&instance)?,
        AirplaneCommand::Dump { json } => dump(json)?,
        AirplaneCommand::Snapshot { file } => {
            let text = get("snapshot")?.to_string();
            std::fs::write(&file, text)
                .map_err(|error| problem(format!("Cannot write {file:?}: {error}.")))?;
        }
        AirplaneCommand::Restore { file } => restore(&file)?,
        AirplaneCommand::Reset => {
            post("reset", &json!({}))?;
            output::line("The airplane is empty.");
        }
    }
    Ok(0)
}

fn flying() -> Result<Flight, Diagnostic> {
    find()?.ok_or_else(|| {
        problem(
            "No airplane flies for this project. Start it with \"kprov airplane start\", or by \
             planning or applying with -airplane.",
        )
    })
}

fn get(path: &str) -> Result<Json, Diagnostic> {
    let remote = flying()?.remote();
    block_on(async { remote.get(path).await })?.map_err(|error| problem(format!("{error}.")))
}

fn post(path: &str, body: &Json) -> Result<Json, Diagnostic> {
    let remote = flying()?.remote();
    block_on(async { remote.post(path, body).await })?.map_err(|error| problem(format!("{error}.")))
}

fn status(as_json: bool) -> Outcome {
    let Some(flight) = find()? else {
        if as_json {
            output::json(&json!({"flying": false}));
        } else {
            output::line("No airplane flies for this project.");
        }
        return Ok(1);
    };
    let (state, machines) = (get("status")?, get("machines")?);
    if as_json {
        let (endpoint, pid) = (flight.remote().endpoint(), flight.pid);
        output::pretty_json(
            &json!({"flying": true, "endpoint": endpoint, "pid": pid, "state": state, "machines": machines}),
        );
        return Ok(0);
    }
    output::line(&format!(
        "{} (process {}), clock {}, now {}\n{} objects, {} calls so far",
        flight.remote().endpoint(),
        flight.pid,
        state["clock"].as_str().unwrap_or_default(),
        state["now"].as_str().unwrap_or_default(),
        state["objects"],
        state["calls"],
    ));
    if state["machines"] == json!("process") {
        let machines = machines.as_array().map(Vec::as_slice).unwrap_or_default();
        output::line(&format!("{} machines", machines.len()));
        machines.iter().for_each(machine);
    }
    Ok(0)
}

/// `i-0123456789abcdef0 10.0.1.5 at 127.77.0.1: running (process 4711)`
fn machine(machine: &Json) {
    let part = |name: &str| machine[name].as_str().unwrap_or_default();
    let more = match (&machine["pid"], &machine["exit"]) {
        (pid @ Json::Number(_), _) => format!(" (process {pid})"),
        (_, Json::Object(exit)) => match (&exit["code"], &exit["signal"]) {
            (code @ Json::Number(_), _) => format!(" with status {code}"),
            (_, signal @ Json::Number(_)) => format!(" by signal {signal}"),
            _ => " before it began".to_owned(),
        },
        _ => String::new(),
    };
    let (instance, private, address) = (part("instance"), part("private_address"), part("address"));
    output::line(&format!("  {instance} {private} at {address}: {}{more}", part("state")));
}

fn logs(instance: &str) -> Result<(), Diagnostic> {
    let path = log_of(instance);
    let text = std::fs::read(&path).map_err(|error| {
        problem(format!(
            "There is no log of a machine {instance:?} ({}: {error}). \"kprov airplane status\" \
             lists those that there are.",
            path.display()
        ))
    })?;
    output::print(&String::from_utf8_lossy(&text));
    Ok(())
}

/// As JSON all of it; else the names, without what AWS makes by itself.
fn dump(as_json: bool) -> Result<(), Diagnostic> {
    let dump = get("dump")?;
    if as_json {
        output::pretty_json(&dump);
        return Ok(());
    }
    let objects = dump.as_array().or_else(|| dump["objects"].as_array());
    let made =
        objects.into_iter().flatten().filter(|object| object["implicit"] != Json::Bool(true));
    let mut count = 0;
    for object in made {
        let part = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        output::line(&format!("{} {} {}", part("place"), part("kind"), part("id")));
        count += 1;
    }
    output::line(&format!("{count} objects"));
    Ok(())
}

fn restore(file: &str) -> Result<(), Diagnostic> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| problem(format!("Cannot read {file:?}: {error}.")))?;
    let snapshot: Json = serde_json::from_str(&text)
        .map_err(|error| problem(format!("{file:?} is no snapshot of an airplane: {error}.")))?;
    let state = post("restore", &snapshot)?;
    output::line(&format!("Restored {} objects.", state["objects"]));
    Ok(())
}

/// So long it may take to finish what runs, machines above all.
const PATIENCE: Duration = Duration::from_secs(60);

fn stop() -> Result<(), Diagnostic> {
    let flight = flying()?;
    let pid = i32::try_from(flight.pid).ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or_else(|| problem("Its process id makes no sense."))?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(|error| {
        problem(format!("Process {} cannot be told to stop: {error}.", flight.pid))
    })?;
    let begun = Instant::now();
    // Whoever is told so may start another one.
    while find()?.is_some() || !has_landed() {
        if begun.elapsed() > PATIENCE {
            return Err(problem(format!("Process {} does not stop.", flight.pid)));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    output::line("Stopped.");
    Ok(())
}
