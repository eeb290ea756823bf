//! `airplane start|serve|stop|status|dump|snapshot|restore|reset`

use std::time::{Duration, Instant};

use kprov_core::Diagnostic;
use serde_json::{Value as Json, json};

use crate::airplane::{Flight, block_on, find, has_landed, problem, serve, start};
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
    let state = get("status")?;
    if as_json {
        let (endpoint, pid) = (flight.remote().endpoint(), flight.pid);
        output::pretty_json(
            &json!({"flying": true, "endpoint": endpoint, "pid": pid, "state": state}),
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
    Ok(0)
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

/// So long it may take to finish what runs.
const PATIENCE: Duration = Duration::from_secs(20);

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
