//! `exec`: a command of the user's says whether it is so, or does it.
//!
//! It gets JSON on its standard input: `{"when", "member", "group", "zone", "address", "token"}`. Exit status 0 is done, 75
//! (EX_TEMPFAIL of sysexits.h) is not yet, anything else has failed. The last line of its output says why.

mod process;
mod tail;

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use kprov_core::{Type, Value};
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{Attribute, AttributeError, Block, ProviderError, Schema, attribute};
use serde_json::json;

use crate::duration::duration;
use crate::wrong;
use process::{Ended, Process, Status};

/// Where the block does not say how long one run may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// EX_TEMPFAIL.
const NOT_YET: i32 = 75;
/// Shorter values of the environment are words, not secrets, and stand in every third sentence.
const SECRET_MIN: usize = 6;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let block = Block::of(
        "Runs a command where kprov runs.",
        [
            (
                "command",
                Attribute::new(Type::list(Type::String)).required().describe(
                    "The program and its arguments. It gets JSON of the machine on standard input; 0 is done, 75 not yet.",
                ),
            ),
            (
                "environment",
                Attribute::new(Type::map(Type::String))
                    .optional()
                    .describe("Its environment, besides kprov's."),
            ),
            (
                "timeout",
                Attribute::new(Type::String)
                    .default(Value::string("1m"))
                    .describe("How long one run may take: \"30s\", \"5m\". It is killed then, and has failed."),
            ),
        ],
    );
    Schema { version: 0, block }
});

#[derive(Debug)]
pub(crate) struct Exec;

#[async_trait]
impl HookAction for Exec {
    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Vec::new();
        let command = attribute(config, "command");
        let program = command.as_items().map(<[Value]>::first);
        let empty = program.is_some_and(|program| {
            program.is_none_or(|program| program.is_null() || program.as_str() == Some(""))
        });
        if empty {
            problems.push(wrong(
                "command",
                "Expected a program, and its arguments: [\"./smoke.sh\", \"-v\"].",
            ));
        }
        if let Some(text) = attribute(config, "timeout").as_str()
            && duration(text).is_none_or(|it| it.is_zero())
        {
            problems.push(wrong(
                "timeout",
                format!("{text:?} is no duration: expected \"30s\" or \"5m\"."),
            ));
        }
        problems
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let environment = texts(&attribute(call.config, "environment"));
        let timeout = attribute(call.config, "timeout");
        let command = attribute(call.config, "command");
        let command = command.as_items().into_iter().flatten();
        let process = Process {
            command: command.filter_map(Value::as_str).map(str::to_owned).collect(),
            environment: &environment,
            input: input(call).to_string().into_bytes(),
            limit: timeout.as_str().and_then(duration).unwrap_or(TIMEOUT),
        };
        let ended = process.run().await;
        judged(&process, ended)
            .map(|look| match look {
                HookLook::NotYet(why) => HookLook::NotYet(without(&environment, why)),
                done @ HookLook::Done => done,
            })
            .map_err(|error| ProviderError {
                message: without(&environment, error.message),
                ..error
            })
    }
}

/// What the command is told.
fn input(call: &HookCall<'_>) -> serde_json::Value {
    json!({
        "when": call.when,
        "member": call.member.id.as_str(),
        "group": call.group.as_str(),
        "zone": call.member.zone.as_str(),
        "address": call.address,
        "token": call.token,
    })
}

fn judged(process: &Process<'_>, ended: std::io::Result<Ended>) -> Result<HookLook, ProviderError> {
    let program = process.command.first().map_or("?", String::as_str);
    let failed = |message: String| ProviderError::rejected("Hook command failed", message);
    let ended = ended.map_err(|error| failed(format!("{program} cannot be run: {error}.")))?;
    let says = |otherwise: &str| match (&ended.last_line, &ended.errors) {
        (line, _) if !line.is_empty() => line.clone(),
        (_, errors) if !errors.is_empty() => errors.clone(),
        _ => otherwise.to_owned(),
    };
    let how = match ended.status {
        Status::Exited(0) => return Ok(HookLook::Done),
        Status::Exited(NOT_YET) => {
            return Ok(HookLook::NotYet(says(&format!("{program} says: not yet."))));
        }
        Status::Exited(code) => format!("{program} ended with exit status {code}"),
        Status::Killed(signal) => format!("{program} was ended by signal {signal}"),
        Status::Late => {
            format!("{program} took longer than {} s, and was killed", process.limit.as_secs())
        }
    };
    let mut message = format!("{how}.");
    for part in [&ended.last_line, &ended.errors] {
        if !part.is_empty() {
            message = format!("{message}\n{part}");
        }
    }
    Err(failed(message))
}

fn texts(value: &Value) -> Vec<(String, String)> {
    let entries = value.as_entries().into_iter().flatten();
    entries.filter_map(|(name, it)| Some((name.to_string(), it.as_str()?.to_owned()))).collect()
}

/// A command may print what it was given; its environment may be secret.
fn without(environment: &[(String, String)], text: String) -> String {
    let values = environment.iter().map(|(_, value)| value).filter(|it| it.len() >= SECRET_MIN);
    values.fold(text, |text, value| text.replace(value.as_str(), "(value of environment)"))
}

#[cfg(test)]
mod tests;
