//! Route 53: hosted zones and their records. Changes are atomic, and INSYNC after a while.

mod changes;
mod records;
mod tags;
mod zones;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Fault;
use crate::world::scope::Scope;
use crate::world::table::tables;
use crate::world::timing;

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] =
    &[zones::ACTIONS, changes::ACTIONS, records::ACTIONS, tags::ACTIONS];

tables! {
    /// What the service keeps: zones and changes by bare id, records by zone, name, type and identifier.
    pub(crate) struct State {
        table zones: zones::Zone,
        table records: records::Record,
        table changes: Change,
    }
}

/// A change on its way to the name servers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Change {
    status: String,
    at: i64,
    comment: Option<String>,
}

impl Change {
    fn answer(&self, id: &str) -> Value {
        let mut answer =
            json!({"Id": format!("/change/{id}"), "Status": self.status, "SubmittedAt": self.at});
        if let Some(comment) = &self.comment {
            answer["Comment"] = json!(comment);
        }
        answer
    }
}

/// Begins a change; it is INSYNC after a while.
fn begin(call: &mut Call<'_>, comment: Option<String>) -> Value {
    let id = format!("C{}", call.world.ids.base32(13));
    let now = call.now();
    let change = Change { status: "PENDING".to_owned(), at: now, comment };
    let answer = change.answer(&id);
    // Changes are no objects that anybody made.
    call.global().route53.changes.insert_implicit(&id, change, now);
    call.schedule(timing::DNS_SYNC, Event::InSync { id });
    answer
}

/// The id without `/hostedzone/` or `/change/`.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn no_zone(id: &str) -> Fault {
    Fault::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")).status(404)
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// All name servers have the change.
    InSync { id: String },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Event::InSync { id } = self;
        if let Some(change) = scope.global().route53.changes.get_mut(&id) {
            change.status = "INSYNC".to_owned();
        }
    }
}
