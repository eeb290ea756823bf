//! Progress on a terminal: a line that lives for each operation under way, and a bar with what is
//! left below them. What has ended becomes a plain line above.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use kprov_apply::{ProgressEvent, Reporter, Verb};
use kprov_core::{ObjectAddr, Str};

use super::eta::{Kind, Work};
use super::words;
use crate::render::{Style, truncate, visible};

/// How often elapsed times are drawn anew.
const TICK: Duration = Duration::from_millis(250);

/// Draws while it is told.
#[derive(Debug)]
pub(crate) struct Live {
    screen: MultiProgress,
    style: Style,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    work: Work,
    running: BTreeMap<(ObjectAddr, Verb), Running>,
    total: Option<ProgressBar>,
}

#[derive(Debug)]
struct Running {
    bar: ProgressBar,
    since: Instant,
}

impl Live {
    /// On this process's standard output.
    pub(crate) fn new(style: Style) -> Live {
        Live::on(ProgressDrawTarget::stdout(), style)
    }

    /// Elsewhere.
    pub(super) fn on(target: ProgressDrawTarget, style: Style) -> Live {
        let screen = MultiProgress::with_draw_target(target);
        Live { screen, style, state: Mutex::default() }
    }

    /// Says what there is to do; a later phase of the same apply says so again.
    pub(crate) fn begin(&self, work: Work) {
        let mut state = self.state();
        if let Some(old) = state.total.take() {
            old.finish_and_clear();
        }
        let bar = ProgressBar::new(work.total).with_style(total_style());
        state.total = Some(self.screen.add(bar));
        state.work = work;
    }

    /// Takes everything that lives off the screen.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        for (_, running) in std::mem::take(&mut state.running) {
            running.bar.finish_and_clear();
        }
        if let Some(total) = state.total.take() {
            total.finish_and_clear();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves nothing here half done that would matter.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn say(&self, event: &ProgressEvent) {
        if let Some(line) = words::line(event) {
            // A terminal that went away does not want the rest.
            let _ = self.screen.println(line);
        }
    }

    fn started(&self, address: &ObjectAddr, verb: Verb, id: &Option<(Str, Str)>) {
        let text = format!("{address}: {}...{}", words::doing(verb), words::named(id));
        let text = visible(&text);
        let text = truncate(&text, self.style.width().saturating_sub(12)).into_owned();
        let bar = ProgressBar::new_spinner().with_style(line_style()).with_message(text);
        let mut state = self.state();
        let bar = match &state.total {
            Some(total) => self.screen.insert_before(total, bar),
            None => self.screen.add(bar),
        };
        bar.enable_steady_tick(TICK);
        let running = Running { bar, since: Instant::now() };
        state.running.insert((address.clone(), verb), running);
    }

    fn ended(&self, address: &ObjectAddr, verb: Verb) {
        let mut state = self.state();
        if let Some(running) = state.running.remove(&(address.clone(), verb)) {
            running.bar.finish_and_clear();
            self.screen.remove(&running.bar);
        }
        state.work.ended(&kind(address, verb));
        state.tell();
    }
}

impl State {
    /// Brings the bar up to date.
    fn tell(&self) {
        let Some(total) = &self.total else { return };
        let under_way: Vec<(Kind, Duration)> = self
            .running
            .iter()
            .map(|((address, verb), running)| (kind(address, *verb), running.since.elapsed()))
            .collect();
        total.set_message(told(&self.work, self.work.eta(&under_way)));
        total.set_length(self.work.total);
        total.set_position(self.work.done);
    }
}

fn told(work: &Work, eta: Option<Duration>) -> String {
    let left = work.total - work.done;
    match eta {
        Some(eta) if left > 0 => format!("{left} left, about {}", words::duration(eta)),
        _ => format!("{left} left"),
    }
}

fn kind(address: &ObjectAddr, verb: Verb) -> Kind {
    (address.instance.resource.ty.clone(), verb)
}

fn line_style() -> ProgressStyle {
    template("{msg} {elapsed}")
}

fn total_style() -> ProgressStyle {
    template("[{bar:30}] {pos}/{len} {msg}").progress_chars("=> ")
}

/// The templates are constants of this file; the default would do, too.
fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Reporter for Live {
    fn report(&self, event: &ProgressEvent) {
        match event {
            ProgressEvent::Started { address, verb, id } => self.started(address, *verb, id),
            // The live line counts the seconds by itself.
            ProgressEvent::Running { .. } => self.state().tell(),
            ProgressEvent::Finished { address, verb, .. } => {
                self.ended(address, *verb);
                self.say(event);
            }
            ProgressEvent::Failed { address, verb, .. } => self.ended(address, *verb),
            ProgressEvent::Provisioning { .. }
            | ProgressEvent::Output { .. }
            | ProgressEvent::Provisioned { .. }
            | ProgressEvent::Stopping { .. } => self.say(event),
        }
    }
}
