//! The history of durations, read out of the operation log.

use kprov_apply::Verb;
use kprov_core::addr::parse_instance;
use kprov_state::{ActionKind, OpRecord};

use super::eta::History;

/// Durations of operations that did what they were for; the log holds times by the writer's clock,
/// so one that ends before it began is left out.
pub(crate) fn history(operations: &[OpRecord]) -> History {
    let mut history = History::default();
    for operation in operations {
        let (Some(finished), Some("succeeded")) =
            (&operation.finished, operation.outcome.as_deref())
        else {
            continue;
        };
        let verb = match operation.action {
            ActionKind::Create => Verb::Create,
            ActionKind::Update => Verb::Update,
            ActionKind::Delete => Verb::Delete,
            ActionKind::Import => Verb::Import,
            ActionKind::Read => Verb::Read,
            ActionKind::Provision => continue,
        };
        let address = operation.address.split(" (deposed").next().unwrap_or_default();
        let Ok(address) = parse_instance(address) else { continue };
        let parse = |text: &str| text.parse::<jiff::Timestamp>().ok();
        let (Some(from), Some(to)) = (parse(&operation.started), parse(finished)) else {
            continue;
        };
        if let Ok(took) = std::time::Duration::try_from(to.duration_since(from)) {
            history.add((address.resource.ty, verb), took);
        }
    }
    history
}
