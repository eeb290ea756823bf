//! [`Writer`]: the one thread that appends to the journal, with group commit: everything that waits
//! goes into one transaction. Blocking calls stay off the async threads.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use kprov_core::Host;
use kprov_state::{Entry, RunId, StateError, Store};
use tokio::sync::mpsc::UnboundedSender;

use super::{Execution, chain, rfc3339};
use crate::machine::{BatchId, Event};

/// Batches that are taken into one transaction at most: bounds what a failure takes along.
const GROUP_MAX: usize = 1024;

type Order = (BatchId, Vec<Entry>);

/// See the module. Dropping it waits until everything ordered is written.
#[derive(Debug)]
pub(super) struct Writer {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

struct Journal {
    store: Arc<dyn Store>,
    workspace: String,
    run: RunId,
    host: Arc<dyn Host>,
}

impl Writer {
    pub(super) fn start(
        execution: &Execution,
        told: UnboundedSender<Event>,
    ) -> Result<Writer, std::io::Error> {
        let (orders, waiting) = channel();
        let journal = Journal {
            store: execution.store.clone(),
            workspace: execution.workspace.clone(),
            run: execution.run,
            host: execution.host.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || journal.write_all(&waiting, &told))?;
        Ok(Writer { orders: Some(orders), thread: Some(thread) })
    }

    pub(super) fn append(&self, batch: BatchId, entries: Vec<Entry>) {
        // The thread ends only when this end is dropped, or by a panic, after which nothing more
        // becomes durable and the machine waits in vain: better said than hidden.
        let sent = self.orders.as_ref().map(|orders| orders.send((batch, entries)));
        assert!(matches!(sent, Some(Ok(()))), "the journal's writer thread has died");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.orders.take());
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
            self.write_group(group, told);
        }
    }

    /// One transaction for all; where that fails, one for each, so that one bad entry does not
    /// keep the outcomes of others out of the journal.
    fn write_group(&self, group: Vec<Order>, told: &UnboundedSender<Event>) {
        // Nobody may be listening any more: the run was abandoned, and what is written counts.
        let tell = |event| drop(told.send(event));
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
