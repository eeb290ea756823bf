//! `formatdate`, `timeadd`, `timecmp` and the clocks.

mod duration;
mod layout;
mod moment;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use kprov_core::{Type, Value};

use super::arguments::{gives_string, string, text};
use super::{Function, FunctionContext, FunctionError};
use moment::{Moment, Strictness};

type Outcome = Result<Value, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "formatdate",
            "Writes a timestamp (RFC 3339) in another form, which a format string describes.",
            gives_string,
            formatdate,
        )
        .with(string("format"))
        .with(string("time")),
        Function::new(
            "plantimestamp",
            "Gives the time at which the plan was made, in RFC 3339 form.",
            gives_string,
            |context, _| {
                Ok(context.plan_timestamp.map_or_else(|| Value::unknown(Type::String), Value::from))
            },
        ),
        Function::new(
            "timeadd",
            "Adds a duration to a timestamp (RFC 3339) and gives the resulting timestamp.",
            gives_string,
            timeadd,
        )
        .with(string("timestamp"))
        .with(string("duration"))
        .nullable(),
        Function::new(
            "timecmp",
            "Compares two timestamps: -1 where the first is earlier, 1 where it is later, else 0.",
            |_| Ok(Type::Number),
            timecmp,
        )
        .with(string("timestamp_a"))
        .with(string("timestamp_b")),
        Function::new(
            "timestamp",
            "Gives the current time, in RFC 3339 form.",
            gives_string,
            timestamp,
        ),
    ]
}

/// A timestamp brought to the form that the functions of this file give; `None` if it is none.
pub(super) fn rfc3339(text: &str) -> Option<String> {
    Moment::parse(text, Strictness::Strict).ok().map(|moment| moment.to_rfc3339())
}

fn formatdate(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let moment = Moment::parse(text(arguments, 1), Strictness::Strict)
        .map_err(|message| FunctionError::argument(1, message))?;
    layout::write(text(arguments, 0), &moment)
        .map(Value::string)
        .map_err(|message| FunctionError::argument(0, message))
}

fn timeadd(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let moment =
        Moment::parse(text(arguments, 0), Strictness::Strict).map_err(FunctionError::new)?;
    let nanos = duration::parse(text(arguments, 1)).map_err(FunctionError::new)?;
    Ok(Value::string(moment.plus(nanos).to_rfc3339()))
}

fn timecmp(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let instant = |index| {
        Moment::parse(text(arguments, index), Strictness::Lenient)
            .map(|moment| moment.instant())
            .map_err(|message| FunctionError::argument(index, message))
    };
    Ok(Value::int(instant(0)?.cmp(&instant(1)?) as i64))
}

fn timestamp(context: &FunctionContext<'_>, _: &[Value]) -> Outcome {
    if context.pure_only {
        return Ok(Value::unknown(Type::String));
    }
    let seconds = match context.host.now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or_default(),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or_default(),
    };
    Ok(Value::string(Moment::utc(seconds).to_rfc3339()))
}
