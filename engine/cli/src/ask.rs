//! Questions on a terminal: values of variables that nothing sets, and whether to go ahead.

use std::io::{BufRead, IsTerminal};

use kprov_core::{Diagnostics, Str};
use kprov_lang::SourceMap;
use kprov_lang::config::load_root;
use kprov_lang::tfvars::{self, VariableArgument};
use kprov_ops::{PlanRequest, Project};

use crate::output;
use crate::render::{Style, question};
use crate::session::Session;

/// Something that a person is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q> {
    /// What for.
    pub(crate) title: &'q str,
    /// Said below; may be empty.
    pub(crate) detail: &'q str,
    /// The answer is not shown while it is typed.
    pub(crate) secret: bool,
}

impl Question<'_> {
    /// Asks on standard output. `None` if there is no answer: the input has ended.
    pub(crate) fn answer(&self, style: Style) -> Option<String> {
        let terminal = std::io::stdin().is_terminal();
        let asked = || {
            output::print(&question(self.title, self.detail, style));
            line()
        };
        // Whoever is quick types before the question stands there: it must not be seen either.
        let answer = if self.secret && terminal { unseen(asked) } else { asked() };
        if answer.is_none() || self.secret || !terminal {
            output::line("");
        }
        output::line("");
        answer
    }
}

/// A line of standard input without its end.
fn line() -> Option<String> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_until(b'\n', &mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    matches!(read, Ok(1..)).then(|| text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Reads while the terminal does not show what is typed. Where it cannot be told so, it shows it.
#[cfg(unix)]
fn unseen(read: impl Fn() -> Option<String>) -> Option<String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let Ok(before) = tcgetattr(rustix::stdio::stdin()) else { return read() };
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    // A terminal that went away shows nothing either.
    let put_back = move || {
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &before);
    };
    // A program that a signal ends here must not leave the terminal mute.
    crate::signals::leave_after(put_back.clone());
    let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &quiet);
    let answer = read();
    put_back();
    answer
}

#[cfg(not(unix))]
fn unseen(read: impl Fn() -> Option<String>) -> Option<String> {
    read()
}

/// A variable that has no value and no default.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Missing {
    name: Str,
    description: Str,
    secret: bool,
}

/// What must be asked for. Nothing where the configuration is wrong: that is told instead.
fn missing(project: &Project, request: &PlanRequest) -> Vec<Missing> {
    // Texts read here are read again by the operation, whose problems point into its own copies.
    let sources = SourceMap::new();
    let no_errors = |problems: &Diagnostics| !problems.has_errors();
    let (root, problems) = load_root(&*project.files, &sources, &*project.embedded, &project.dir);
    if !no_errors(&problems) || root.variables.values().all(|variable| variable.has_default) {
        return Vec::new();
    }
    let (given, problems) = tfvars::collect(
        &*project.files,
        &sources,
        &*project.host,
        &project.dir,
        &root,
        &request.variables,
        &request.environment_names,
    );
    if !no_errors(&problems) {
        return Vec::new();
    }
    let all = root.variables.iter();
    let mut missing: Vec<Missing> = all
        .filter(|(name, variable)| !variable.has_default && !given.contains_key(*name))
        .map(|(name, variable)| Missing {
            name: name.clone(),
            description: variable.description.clone().unwrap_or_default(),
            secret: variable.sensitive || variable.ephemeral,
        })
        .collect();
    missing.sort_by(|a, b| a.name.cmp(&b.name));
    missing
}

impl Session {
    /// Asks for the variables of the root module that have no value, if there is somebody to ask:
    /// `flag` is `-input`. What is left without an answer is told by the operation.
    pub(crate) fn ask_for_variables(
        &self,
        project: &Project,
        request: &mut PlanRequest,
        flag: bool,
    ) {
        let somebody = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        if !self.may_ask(flag) || !somebody {
            return;
        }
        for Missing { name, description, secret } in missing(project, request) {
            let title = format!("var.{name}");
            let question = Question { title: &title, detail: description.trim_end(), secret };
            let Some(text) = question.answer(self.style) else { return };
            request.variables.push(VariableArgument::Answer(name, text));
        }
    }
}
