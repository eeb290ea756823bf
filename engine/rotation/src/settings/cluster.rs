//! [`strategies`]: what the groups of one cluster say together of how it is rotated.

use kprov_core::{Diagnostic, Diagnostics};

use super::{Settings, weekly};
use crate::{OperatorId, RotationId, Seconds, Strategies, Strategy, Window};

/// The strategies of a cluster's groups. What is the cluster's own is the least that any of them says: the fewest groups
/// at once, the fewest failures, the youngest snapshot, and the time at which the windows of all of them are open.
///
/// # Errors
/// When their windows are never open at the same time.
pub fn strategies(
    rotation: RotationId,
    operator: OperatorId,
    groups: Vec<(&Settings, Strategy)>,
    now: Seconds,
) -> Result<Strategies, Diagnostics> {
    let mut all = Strategies::new(rotation, operator, Vec::new());
    let least =
        |said: fn(&Settings) -> Option<u64>| groups.iter().filter_map(|(it, _)| said(it)).min();
    let number = |said: Option<u64>, otherwise: u32| {
        said.map_or(otherwise, |said| u32::try_from(said).unwrap_or(u32::MAX))
    };
    all.parallel_groups =
        number(least(|it| it.parallel_groups.map(u64::from)), all.parallel_groups);
    all.failures_max = number(least(|it| it.failures_max.map(u64::from)), all.failures_max);
    all.snapshot_age_max = least(|it| it.snapshot_age_max).unwrap_or(all.snapshot_age_max);
    let mut windows: Option<Vec<Window>> = None;
    let mut bound: Vec<&str> = Vec::new();
    for (settings, strategy) in groups.iter().filter(|(settings, _)| !settings.windows.is_empty()) {
        let own = settings.windows(now);
        windows = Some(windows.map_or_else(|| own.clone(), |common| weekly::both(&common, &own)));
        bound.push(strategy.group.as_str());
    }
    // No window means always: so a time that never comes must not be told as none.
    if windows.as_ref().is_some_and(Vec::is_empty) {
        let detail = format!(
            "The windows of {} are never open at the same time, and groups of one cluster are rotated together: no \
             member could ever be begun with. Give them a window in common.",
            bound.join(", ")
        );
        return Err(Diagnostic::error("Invalid rotation", detail).into());
    }
    all.windows = windows.unwrap_or_default();
    all.groups = groups.into_iter().map(|(_, strategy)| strategy).collect();
    Ok(all)
}
