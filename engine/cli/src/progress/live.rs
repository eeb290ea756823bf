//! Progress on a terminal: a line that lives for each operation under way, and a bar with what is
//! left below them. What has ended becomes a plain line above.
//!
//! All that lives is one element of the screen, laid out anew for each drawing by [`picture`], so that
//! there are never more lines than the terminal has, whatever its size is by then.
//!
//! The lock of the state is never held while the screen is told anything: the screen holds locks of
//! its own while it asks for the picture.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use kprov_apply::{ProgressEvent, Reporter, RotationProgress, Verb};
use kprov_core::{Host, ObjectAddr, Str};

use super::eta::Work;
use super::picture::{Running, picture};
use super::rotating::Rotating;
use super::words;
use crate::render::visible;

/// How often elapsed times are drawn anew.
const TICK: Duration = Duration::from_millis(250);

/// Draws while it is told.
#[derive(Debug)]
pub(crate) struct Live {
    screen: MultiProgress,
    state: Arc<Mutex<State>>,
    alive: Mutex<Option<ProgressBar>>,
    /// Rows and columns of the terminal now.
    size: fn() -> (usize, usize),
    host: Arc<dyn Host>,
}

#[derive(Debug, Default)]
struct State {
    work: Work,
    /// In the order in which they began.
    running: BTreeMap<u64, Running>,
    numbers: BTreeMap<(ObjectAddr, Verb), u64>,
    next: u64,
    /// Members and groups of operations that rotate.
    rotating: Rotating,
}

impl Live {
    /// On this process's standard output; `None` if that cannot be drawn on.
    pub(crate) fn new(host: Arc<dyn Host>) -> Option<Live> {
        let target = ProgressDrawTarget::stdout();
        let can_draw = !target.is_hidden() && console::Term::stdout().features().is_attended();
        can_draw.then(|| {
            let size = || {
                let (rows, columns) = console::Term::stdout().size();
                (rows.into(), columns.into())
            };
            Live::on(target, size, host)
        })
    }

    /// Elsewhere.
    pub(super) fn on(
        target: ProgressDrawTarget,
        size: fn() -> (usize, usize),
        host: Arc<dyn Host>,
    ) -> Live {
        let screen = MultiProgress::with_draw_target(target);
        Live { screen, state: Arc::default(), alive: Mutex::default(), size, host }
    }

    /// Says what there is to do; a later phase of the same apply says so again.
    pub(crate) fn begin(&self, work: Work) {
        self.end();
        *lock(&self.state) = State { work, ..State::default() };
        let (state, size, host) = (self.state.clone(), self.size, self.host.clone());
        let draw = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let state = lock(&state);
            let running = state.running.values();
            let now = host.elapsed();
            let members: Vec<(String, Duration)> = state
                .rotating
                .lines()
                .map(|(text, since)| (visible(&text).replace('\n', " "), now.saturating_sub(since)))
                .collect();
            // Nothing can be done about a line that cannot be written.
            let _ = out.write_str(&picture(&state.work, running, &members, Instant::now(), size()));
        };
        let bar = self.screen.add(ProgressBar::new_spinner());
        bar.set_style(style().with_key("picture", draw));
        bar.enable_steady_tick(TICK);
        *lock(&self.alive) = Some(bar);
    }

    /// Takes everything that lives off the screen.
    pub(crate) fn end(&self) {
        let bar = lock(&self.alive).take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }

    fn say(&self, event: &ProgressEvent) {
        if let Some(line) = words::line(event) {
            // A terminal that went away does not want the rest.
            let _ = self.screen.println(line);
        }
    }

    /// What lives says the rest; that a member is done stays on the screen.
    fn rotates(&self, word: &RotationProgress) {
        let lines = lock(&self.state).rotating.take(word, self.host.elapsed());
        if let Some(line) = lines.last().filter(|_| word.done) {
            let _ = self.screen.println(visible(line).replace('\n', " "));
        }
    }

    fn started(&self, address: &ObjectAddr, verb: Verb, id: &Option<(Str, Str)>) {
        let mut state = lock(&self.state);
        let number = state.next;
        state.next += 1;
        state.numbers.insert((address.clone(), verb), number);
        state.running.insert(number, Running::new(address, verb, id, Instant::now()));
    }

    fn ended(&self, address: &ObjectAddr, verb: Verb) {
        let mut state = lock(&self.state);
        if let Some(number) = state.numbers.remove(&(address.clone(), verb)) {
            state.running.remove(&number);
        }
        state.rotating.ended(address);
        state.work.ended(&(address.instance.resource.ty.clone(), verb));
    }
}

/// A panic elsewhere leaves nothing here half done that would matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The template is a constant of this file; the default would do, too.
fn style() -> ProgressStyle {
    ProgressStyle::with_template("{picture}").unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Reporter for Live {
    fn report(&self, event: &ProgressEvent) {
        match event {
            ProgressEvent::Started { address, verb, id } => self.started(address, *verb, id),
            // The live line counts the seconds by itself.
            ProgressEvent::Running { .. } => {}
            ProgressEvent::Finished { address, verb, .. } => {
                self.ended(address, *verb);
                self.say(event);
            }
            ProgressEvent::Failed { address, verb, .. } => self.ended(address, *verb),
            ProgressEvent::Provisioning { .. }
            | ProgressEvent::Output { .. }
            | ProgressEvent::Provisioned { .. }
            | ProgressEvent::Stopping { .. } => self.say(event),
            ProgressEvent::Rotation(word) => self.rotates(word),
        }
    }
}
