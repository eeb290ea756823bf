//! [`Writer`]: appends to the journal, with group commit: everything that waits goes into one
//! transaction. It does so at once while nobody minds, else on a thread of its own: blocking calls
//! stay off the async threads.
//!
//! Batches become durable in the order in which they were ordered, whoever writes them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use kprov_core::Host;
use kprov_state::{Entry, RunId, StateError, Store};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Execution, chain, off_runtime, rfc3339};
use crate::machine::{BatchId, Event};

/// Batches that are taken into one transaction at most: bounds what a failure takes along.
const GROUP_MAX: usize = 1024;

type Order = (BatchId, Vec<Entry>);

/// See the module. Dropping it waits until everything ordered is written.
#[derive(Debug)]
pub(super) struct Writer {
    journal: Arc<Journal>,
    /// Ordered and not given to anybody yet.
    waiting: Vec<Order>,
    /// How many the thread has not answered.
    unanswered: usize,
    orders: Option<Sender<Order>>,
    answers: UnboundedReceiver<Event>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Journal {
    store: Arc<dyn Store>,
    workspace: String,
    run: RunId,
    host: Arc<dyn Host>,
}

impl Writer {
    pub(super) fn start(execution: &Execution) -> Result<Writer, std::io::Error> {
        let (orders, waiting) = channel();
        let (told, answers) = unbounded_channel();
        let journal = Arc::new(Journal {
            store: execution.store.clone(),
            workspace: execution.workspace.clone(),
            run: execution.run,
            host: execution.host.clone(),
        });
        let writing = journal.clone();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writing.write_all(&waiting, &told))?;
        Ok(Writer {
            journal,
            waiting: Vec::new(),
            unanswered: 0,
            orders: Some(orders),
            answers,
            thread: Some(thread),
        })
    }

    /// To be written at the next [`Writer::flush`].
    pub(super) fn order(&mut self, batch: BatchId, entries: Vec<Entry>) {
        self.waiting.push((batch, entries));
    }

    /// Writes what was ordered: here and now if nothing else is under way (`alone`), with the
    /// answers added to `ready`; else the thread does. True if `ready` has answers.
    pub(super) fn flush(&mut self, alone: bool, ready: &mut VecDeque<Event>) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        if !alone || self.unanswered > 0 {
            self.hand_over();
            return false;
        }
        let group = std::mem::take(&mut self.waiting);
        off_runtime(|| self.journal.write_group(group, &mut |event| ready.push_back(event)));
        true
    }

    fn hand_over(&mut self) {
        for order in self.waiting.drain(..) {
            // The thread ends only when this end is dropped, or by a panic, after which nothing
            // more becomes durable and the machine waits in vain: better said than hidden.
            let sent = self.orders.as_ref().map(|orders| orders.send(order));
            assert!(matches!(sent, Some(Ok(()))), "the journal's writer thread has died");
            self.unanswered += 1;
        }
    }

    /// An answer of the thread that is there already.
    pub(super) fn answered(&mut self) -> Option<Event> {
        let event = self.answers.try_recv().ok()?;
        self.unanswered -= 1;
        Some(event)
    }

    /// The thread's next answer.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let event = self.answers.recv().await?;
        self.unanswered -= 1;
        Some(event)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(orders) = self.orders.take() {
            // Who leaves in a hurry leaves outcomes that were not handed over. Where the thread has
            // died nobody can write them; the next run settles these operations.
            self.waiting.drain(..).for_each(|order| drop(orders.send(order)));
        }
        if let Some(thread) = self.thread.take() {
            // A panic in the writer was reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

impl Journal {
    fn write_all(&self, waiting: &Receiver<Order>, told: &UnboundedSender<Event>) {
        while let Ok(first) = waiting.recv() {
            let mut group = vec![first];
            group.extend(waiting.try_iter().take(GROUP_MAX - 1));
            // Nobody may be listening any more: the run was abandoned, and what is written counts.
            self.write_group(group, &mut |event| drop(told.send(event)));
        }
    }

    /// One transaction for all; where that fails, one for each, so that one bad entry does not
    /// keep the outcomes of others out of the journal.
    fn write_group(&self, group: Vec<Order>, tell: &mut dyn FnMut(Event)) {
        let (batches, entries): (Vec<BatchId>, Vec<Vec<Entry>>) = group.into_iter().unzip();
        if let [batch] = batches[..] {
            return tell(answer(batch, self.append(&entries[0])));
        }
        if self.append(&entries.concat()).is_ok() {
            batches.into_iter().for_each(|batch| tell(Event::Durable { batch }));
            return;
        }
        for (batch, entries) in batches.into_iter().zip(entries) {
            tell(answer(batch, self.append(&entries)));
        }
    }

    fn append(&self, entries: &[Entry]) -> Result<(), StateError> {
        let at = rfc3339(self.host.now());
        self.store.append(&self.workspace, self.run, &at, entries).map(drop)
    }
}

fn answer(batch: BatchId, written: Result<(), StateError>) -> Event {
    match written {
        Ok(()) => Event::Durable { batch },
        Err(error) => Event::AppendFailed { batch, message: chain(&error) },
    }
}
