//! What happens later: events ordered by time and sequence number. `run_due` is the only thing that makes them happen.
use crate::service::Event;
use crate::world::scope::Scope;
use crate::world::{Millis, World};
use serde::{Deserialize, Serialize};

/// An event that waits. Its id in the table is its time and number, so ids are in order of time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Scheduled {
    pub(crate) at: Millis,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) event: Event,
}

impl World {
    /// Lets an event happen at a time, not before what is already due then.
    pub(crate) fn schedule(&mut self, account: &str, region: &str, at: Millis, event: Event) {
        // Times before the epoch do not occur: clocks begin long after it.
        let number = self.root.queue.row_count_ever() + 1;
        let id = format!("{:020}-{number:012}", at.max(0));
        let scheduled =
            Scheduled { at, account: account.to_owned(), region: region.to_owned(), event };
        let now = self.now;
        self.root.queue.insert_implicit(&id, scheduled, now);
    }

    /// Runs what is due up to `now`, in order, each at its own time. Ends with the world's time at `now`.
    pub(crate) fn advance(&mut self, now: Millis) {
        while let Some((id, at)) =
            self.root.queue.first_by_id().map(|(id, s)| (id.to_owned(), s.at))
        {
            if at > now {
                break;
            }
            let Some(due) = self.root.queue.remove(&id) else { break };
            self.now = self.now.max(at);
            let mut scope = Scope { account: due.account, region: due.region, world: self };
            due.event.run(&mut scope);
        }
        self.now = self.now.max(now);
    }

    /// When the next event is due.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.root.queue.first_by_id().map(|(_, s)| s.at)
    }
}
