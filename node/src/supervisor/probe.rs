//! Asks a process whether it is ready.

use std::path::Path;
use std::time::Duration;

use super::Probe;
use super::machine::Probed;
use crate::https::{Client, NoAnswer};

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn ask(probe: &Probe) -> Probed {
    let Probe::Http { url, bundle } = probe else { return Probed::Ready };
    let client = match bundle {
        None => Ok(Client::plain()),
        Some(path) => trusting(path),
    };
    let answer = match client {
        Ok(client) => client.get(url, PATIENCE).await,
        Err(why) => return Probed::NoAnswer(why),
    };
    match answer {
        Ok(answer) if answer.status.is_success() => Probed::Ready,
        Ok(answer) => Probed::Unready(format!(
            "{url} says {}: {}",
            answer.status.as_u16(),
            failed(&answer.text())
        )),
        Err(error @ NoAnswer::Tls(..)) => Probed::Unready(error.to_string()),
        Err(error) => Probed::NoAnswer(error.to_string()),
    }
}

fn trusting(path: &Path) -> Result<Client, String> {
    let bundle = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Client::trusting(&bundle, None).map_err(|error| error.to_string())
}

/// Of the many lines of a health check, those that fail.
fn failed(text: &str) -> String {
    let bad: Vec<&str> = text.lines().filter(|line| line.starts_with("[-]")).collect();
    let said = if bad.is_empty() {
        text.lines().next().unwrap_or_default().to_owned()
    } else {
        bad.join(" ")
    };
    said.chars().take(400).collect()
}
