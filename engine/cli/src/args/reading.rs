//! How flags are read.
//!
//! Every switch takes `=true` and `=false` too: [`Cli::parse_words`] sees to that once for all.

use std::any::TypeId;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, CommandFactory, FromArgMatches};

use super::Arguments;
use super::flags::Cli;

impl Cli {
    /// Reads arguments.
    pub(crate) fn parse_words(arguments: Arguments) -> Result<Cli, clap::Error> {
        let words = std::iter::once("kprov".to_owned()).chain(arguments.0);
        let matches = switches(Cli::command()).try_get_matches_from(words)?;
        Cli::from_arg_matches(&matches)
    }
}

/// Lets every switch have a value: `-refresh=false`, `-json=true`.
fn switches(command: clap::Command) -> clap::Command {
    command.mut_args(switch).mut_subcommands(switches)
}

fn switch(arg: Arg) -> Arg {
    let is_set = matches!(arg.get_action(), ArgAction::Set);
    let is_true = matches!(arg.get_action(), ArgAction::SetTrue);
    let is_bool = arg.get_value_parser().type_id() == TypeId::of::<bool>();
    let is_switch = is_true || is_set && is_bool;
    if !is_switch {
        return arg;
    }
    let words = PossibleValuesParser::new(["true", "false", "1", "0", "t", "f", "TRUE", "FALSE"]);
    let arg = arg
        .action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .hide_possible_values(true)
        .value_parser(words.map(|word| matches!(word.as_str(), "true" | "1" | "t" | "TRUE")));
    if is_true { arg.default_value("false").hide_default_value(true) } else { arg }
}

/// At least one at a time.
pub(super) fn parallelism(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it must be a number of at least 1".to_owned()),
        Ok(number) => Ok(number),
    }
}

/// `90s`, `1m30s`, `1.5h`, `500ms`: as Go writes durations.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || "it must be a duration like 30s or 1m30s".to_owned();
    if text == "0" {
        return Ok(std::time::Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        seconds += number
            * match &rest[..unit] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return Err(wrong()),
            };
        rest = &rest[unit..];
    }
    if text.is_empty() { Err(wrong()) } else { Ok(std::time::Duration::from_secs_f64(seconds)) }
}
