//! `apply`, `destroy` and `refresh`; and `pki renew`, which is an apply.

use std::sync::Arc;

use kprov_apply::settle::SettledIntent;
use kprov_core::Diagnostic;
use kprov_ops::{
    ApplyRequest, ApplyWatcher, Interrupts, LockOptions, Planned, Project, Watch, read_outputs,
};
use kprov_plan::PlanMode;
use kprov_state::{LogFilter, RunOutcome};

use super::show::read_plan;
use crate::args::{ApplyFlags, LockFlags};
use crate::ask::Question;
use crate::failure::{Failure, Outcome};
use crate::progress::{self, History, Progress, Work};
use crate::session::Session;
use crate::{output, render, signals};

/// So many of the latest operations are looked at for an estimate.
const HISTORY: usize = 1000;

/// Exit status of what was stopped by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Apply,
    Destroy,
    Refresh,
    Renew,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Apply => "apply",
            Kind::Destroy => "destroy",
            Kind::Refresh => "refresh",
            Kind::Renew => "pki renew",
        }
    }
}

/// Applies.
pub(crate) fn run(session: &Session, flags: ApplyFlags, kind: Kind) -> Outcome {
    run_any(session, flags, kind, Vec::new())
}

/// Applies with the renewal of these instances requested.
pub(crate) fn run_renewing(session: &Session, flags: ApplyFlags, renew: Vec<String>) -> Outcome {
    run_any(session, flags, Kind::Renew, renew)
}

fn run_any(session: &Session, mut flags: ApplyFlags, kind: Kind, renew: Vec<String>) -> Outcome {
    if flags.change.json {
        return Err(super::later("the -json log of apply"));
    }
    imply(kind, &mut flags)?;
    let mut request = request(session, &flags, kind)?;
    request.plan.renew = renew;
    if request.saved.is_none() && !flags.auto_approve && !session.may_ask(flags.change.input) {
        return Err(Diagnostic::error(
            "Approval required",
            "Without -input nobody can be asked whether to apply. Give -auto-approve, or make a \
             plan with -out and apply that.",
        )
        .into());
    }
    let project = super::plan::project(session, &flags.change)?;
    if request.saved.is_none() {
        session.ask_for_variables(&project, &mut request.plan, flags.change.input);
    }
    let interrupts = Arc::new(Interrupts::new());
    let progress = Arc::new(Progress::new(session.host.clone()));
    let watcher = Terminal {
        session,
        project: &project,
        progress: progress.clone(),
        concise: flags.change.concise,
        show_plan: request.saved.is_none() && kind != Kind::Refresh,
        ask: request.saved.is_none() && !flags.auto_approve,
        mode: request.plan.mode,
        interrupts: interrupts.clone(),
    };
    let watch = Watch { watcher: &watcher, reporter: progress.clone(), interrupts: &interrupts };
    let applied = kprov_ops::apply(&project, &request, &watch);
    progress.end();
    let applied = applied?;
    let Some(outcome) = applied.outcome else {
        output::line(match watcher.mode {
            PlanMode::Destroy => "Destroy cancelled.",
            _ => "Apply cancelled.",
        });
        return Ok(1);
    };
    session.complain_as(&applied.problems, flags.change.compact_warnings);
    if outcome == RunOutcome::Succeeded && !applied.problems.has_errors() {
        output::line(&render::applied(&applied.counts, watcher.mode == PlanMode::Destroy));
    }
    if outcome != RunOutcome::Interrupted {
        let outputs = read_outputs(&project)?;
        if !outputs.is_empty() && watcher.mode != PlanMode::Destroy {
            output::print(&format!("\nOutputs:\n\n{}", render::outputs(&outputs)));
        }
    }
    Ok(match outcome {
        RunOutcome::Interrupted => INTERRUPTED,
        RunOutcome::Succeeded => u8::from(applied.problems.has_errors()),
        RunOutcome::Failed => 1,
    })
}

/// What `destroy` and `refresh` say without a flag.
fn imply(kind: Kind, flags: &mut ApplyFlags) -> Result<(), Failure> {
    match kind {
        Kind::Destroy if flags.plan.is_some() => {
            return Err(Diagnostic::error(
                "Too many command line arguments",
                "destroy takes no plan file: make a plan with -destroy and apply it.",
            )
            .into());
        }
        Kind::Destroy => flags.change.destroy = true,
        Kind::Refresh => {
            flags.change.refresh_only = true;
            flags.auto_approve = true;
        }
        Kind::Apply | Kind::Renew => {}
    }
    Ok(())
}

fn request(
    session: &Session,
    flags: &ApplyFlags,
    kind: Kind,
) -> Result<ApplyRequest, crate::failure::Failure> {
    let saved = flags.plan.as_deref();
    let saved = saved.map(|path| read_plan(session, path)).transpose()?;
    let change = &flags.change;
    if saved.is_some() && (change.destroy || change.refresh_only) {
        return Err(Diagnostic::error(
            "Incompatible plan mode options",
            "A saved plan has its mode already: -destroy and -refresh-only cannot be given with it.",
        )
        .into());
    }
    if saved.is_some() && (!change.rotate.is_empty() || change.rotate_only) {
        return Err(Diagnostic::error(
            "Incompatible plan mode options",
            "A saved plan says already what is rotated: give -rotate and -rotate-only when it is made.",
        )
        .into());
    }
    Ok(ApplyRequest {
        command: kind.word().to_owned(),
        plan: super::plan::request(session, change)?,
        saved,
        lock: lock_options(&change.state.lock),
    })
}

/// As the flags say.
pub(crate) fn lock_options(flags: &LockFlags) -> LockOptions {
    LockOptions { lock: flags.lock, timeout: flags.lock_timeout }
}

#[derive(Debug)]
struct Terminal<'s> {
    session: &'s Session,
    project: &'s Project,
    progress: Arc<Progress>,
    concise: bool,
    show_plan: bool,
    ask: bool,
    mode: PlanMode,
    interrupts: Arc<Interrupts>,
}

impl ApplyWatcher for Terminal<'_> {
    fn settled(&self, settled: &[SettledIntent]) {
        for intent in settled {
            output::complain(&format!(
                "An earlier run was interrupted: {} of {} is {}.\n",
                intent.action.verb(),
                intent.address,
                intent.how.describe()
            ));
        }
    }

    fn approve(&self, planned: &Planned, phase: usize) -> bool {
        self.progress.end();
        if self.show_plan || phase > 0 {
            let (session, project) = (self.session, self.project);
            let (plan, rotations) = (&planned.plan, &planned.rotations);
            output::print(&super::plan::shown_of(session, project, plan, rotations, self.concise));
        }
        if self.ask && planned.plan.applyable && !self.asked() {
            return false;
        }
        signals::watch(&self.interrupts);
        if self.progress.is_live() {
            let work = Work::of(&planned.plan, self.history(), self.project.parallelism);
            self.progress.begin(work);
        }
        true
    }
}

impl Terminal<'_> {
    /// How long operations took lately. An estimate is no reason to fail.
    fn history(&self) -> History {
        let filter = LogFilter { run: None, limit: Some(HISTORY) };
        let operations = self.project.store.ops(&self.project.workspace, filter);
        progress::history(&operations.unwrap_or_default())
    }

    fn asked(&self) -> bool {
        let workspace = &self.project.workspace;
        let place = match workspace.as_str() {
            "default" => String::new(),
            name => format!(" in workspace {name:?}"),
        };
        let (question, consequence) = match self.mode {
            PlanMode::Destroy => (
                format!("Do you really want to destroy all resources{place}?"),
                "kprov will destroy all your managed infrastructure, as shown above.\nThere is no \
                 undo. Only 'yes' will be accepted to confirm.",
            ),
            PlanMode::RefreshOnly => (
                format!("Would you like to update the state{place} to reflect these changes?"),
                "kprov will write these changes to the state without modifying any real \
                 infrastructure.\nThere is no undo. Only 'yes' will be accepted to confirm.",
            ),
            PlanMode::Normal => (
                format!("Do you want to perform these actions{place}?"),
                "kprov will perform the actions described above.\nOnly 'yes' will be accepted to \
                 approve.",
            ),
        };
        let question = Question { title: &question, detail: consequence, secret: false };
        output::print("\n");
        question.answer(self.session.style).is_some_and(|answer| answer.trim() == "yes")
    }
}
