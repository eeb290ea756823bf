//! One file per command: arguments in, exit status out.

mod airplane;
mod apply;
mod console;
mod force_unlock;
mod graph;
mod import;
mod init;
mod metadata;
mod node;
mod op;
mod output;
mod pki;
mod plan;
mod providers;
mod rekey;
mod rotation;
mod show;
mod state;
mod taint;
mod validate;
mod version;
mod workspace;

use std::ffi::OsString;

use kprov_core::{Diagnostic, Diagnostics};

pub(crate) use node::BINARIES;

use crate::args::{Cli, Command, PkiCommand, normalize};
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::{output as out, render};

/// Runs the program; gives its exit status.
pub(crate) fn run(words: impl Iterator<Item = OsString>) -> u8 {
    // What is not Unicode names nothing that we know; the replacement character shows where it was.
    let words = words.skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let normalized = normalize(words, &|name| std::env::var(name).ok());
    let cli = match normalized.map(Cli::parse_words) {
        Ok(Ok(cli)) => cli,
        Ok(Err(error)) => return usage(&error),
        Err(why) => {
            out::complain(&format!("Error: {why}\n"));
            return 1;
        }
    };
    if cli.version {
        return version::version(false);
    }
    let Some(command) = cli.command else {
        out::complain(&format!("{}\n", help()));
        return 127;
    };
    let original = std::env::current_dir().ok();
    if let Some(dir) = &cli.chdir
        && let Err(error) = std::env::set_current_dir(dir)
    {
        out::complain(&format!("Error handling -chdir option: chdir {dir}: {error}\n"));
        return 1;
    }
    if cli.airplane
        && is_cloudy(&command)
        && let Err(problem) = crate::airplane::board(original.as_deref())
    {
        out::complain(&format!("Error: {}: {}\n", problem.summary, problem.detail));
        return 1;
    }
    let session = match Session::new(cli.no_color, original) {
        Ok(session) => session,
        Err(problem) => {
            out::complain(&format!("Error: {}: {}\n", problem.summary, problem.detail));
            return 1;
        }
    };
    let asks_apis = is_cloudy(&command);
    let status = match dispatch(&session, command) {
        Ok(status) => status,
        Err(Failure::Problems(problems)) => {
            session.complain(&problems);
            1
        }
    };
    if asks_apis {
        session.tell_calls();
    }
    status
}

/// May the command ask AWS something?
fn is_cloudy(command: &Command) -> bool {
    let asks_providers = matches!(
        command,
        Command::Plan(_)
            | Command::Apply(_)
            | Command::Destroy(_)
            | Command::Refresh(_)
            | Command::Import(_)
            | Command::Console(_)
            | Command::Pki(PkiCommand::Renew(_))
    );
    // KMS is asked for a state's key by whatever looks at a state.
    let kms = std::env::var_os(crate::keys::KMS_KEY).is_some_and(|key| !key.is_empty());
    asks_providers || kms && !matches!(command, Command::Plane(_))
}

fn dispatch(session: &Session, command: Command) -> Outcome {
    match command {
        Command::Init(flags) => init::run(session, &flags),
        Command::Validate(flags) => validate::run(session, &flags),
        Command::Plan(flags) => plan::run(session, flags),
        Command::Apply(flags) => apply::run(session, flags, apply::Kind::Apply),
        Command::Destroy(flags) => apply::run(session, flags, apply::Kind::Destroy),
        Command::Refresh(flags) => apply::run(session, flags, apply::Kind::Refresh),
        Command::Show(flags) => show::run(session, &flags),
        Command::Output(flags) => output::run(session, &flags),
        Command::Version(flags) => Ok(version::version(flags.json)),
        Command::Console(flags) => console::run(session, &flags),
        Command::Import(flags) => import::run(session, &flags),
        Command::State(command) => state::run(session, command),
        Command::Taint(flags) => taint::run(session, &flags, true),
        Command::Untaint(flags) => taint::run(session, &flags, false),
        Command::Pki(command) => pki::run(session, command),
        Command::Op(command) => op::run(session, &command),
        Command::Rotation(command) => rotation::run(session, &command),
        Command::Workspace(command) => workspace::run(session, &command),
        Command::Graph(flags) => graph::run(session, &flags),
        Command::Metadata(command) => metadata::run(&command),
        Command::Providers(flags) => providers::run(session, &flags),
        Command::ForceUnlock(flags) => force_unlock::run(session, &flags),
        Command::Plane(command) => airplane::run(command),
        Command::Node(command) => node::run(command),
        Command::Other(words) => Err(other(&words)),
    }
}

/// Help goes to standard output, mistakes to standard error.
fn usage(error: &clap::Error) -> u8 {
    let is_help = !error.use_stderr();
    let text = error.render().to_string();
    if is_help {
        out::print(&text)
    } else {
        out::complain(&text)
    }
    u8::from(!is_help)
}

fn help() -> String {
    <Cli as clap::CommandFactory>::command().render_help().to_string()
}

/// Commands of Terraform that come later, and what is no command at all.
fn other(words: &[String]) -> Failure {
    const LATER: [&str; 7] = ["fmt", "get", "login", "logout", "modules", "test", "stacks"];
    let name = words.first().map_or("", String::as_str);
    if LATER.contains(&name) {
        return later(&format!("the command {name:?}"));
    }
    Diagnostic::error(
        "No such command",
        format!("kprov has no command named {name:?}. \"kprov -help\" shows all."),
    )
    .into()
}

fn later(what: &str) -> Failure {
    Diagnostic::error("Not supported yet", format!("kprov does not support {what} yet.")).into()
}

impl Session {
    /// Problems, to standard error.
    pub(crate) fn complain(&self, problems: &Diagnostics) {
        if !problems.is_empty() {
            out::complain(&render::diagnostics(problems, &self.sources, self.style));
        }
    }

    /// The same, warnings in a few words if `-compact-warnings` says so.
    pub(crate) fn complain_as(&self, problems: &Diagnostics, compact: bool) {
        if compact && !problems.is_empty() {
            out::complain(&render::compact(problems, &self.sources, self.style));
        } else {
            self.complain(problems);
        }
    }
}
