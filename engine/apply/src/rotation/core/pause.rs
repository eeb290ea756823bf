//! Texts: why operations of groups are answered with an error.

use kprov_provider::ProviderError;
use kprov_rotation::{Code, GroupId, Pause, Seconds};

/// A person is wanted.
pub(super) fn paused(cluster: &str, pause: &Pause, interrupted: bool) -> ProviderError {
    if interrupted && pause.code == Code::NoWindow {
        return ProviderError::rejected(
            "Rotation interrupted",
            format!(
                "The rotation of {cluster} was stopped: what was begun is finished, and nothing more was begun. Apply \
                 again to go on. `kprov rotation status` says how far it is."
            ),
        );
    }
    let place = match (&pause.group, &pause.member) {
        (_, Some(member)) => format!(" with {member}"),
        (Some(group), None) => format!(" with {group}"),
        (None, None) => String::new(),
    };
    let invariant = pause.invariant.as_ref().map_or(String::new(), |id| format!(", {id}"));
    ProviderError::rejected(
        "Rotation paused",
        format!(
            "The rotation of {cluster} waits for a person{place} ({}{invariant}): {} {} `kprov rotation status` says how \
             it stands.",
            pause.code.as_str(),
            pause.says,
            pause.code.advice()
        ),
    )
}

/// The user wants to stop while nothing can be done.
pub(super) fn left(cluster: &str) -> ProviderError {
    ProviderError::rejected(
        "Rotation interrupted",
        format!(
            "The rotation of {cluster} was left as it is. Apply again to go on: it finds out what became of what was \
             begun. `kprov rotation status` says how far it is."
        ),
    )
}

/// It was aborted by a person, and everything is at rest.
pub(super) fn aborted(cluster: &str) -> ProviderError {
    ProviderError::rejected(
        "Rotation aborted",
        format!(
            "A person has aborted the rotation of {cluster}: what was begun was finished or is back in service, its groups \
             are given back to the cloud, and it is forgotten. Members that were replaced stay, and so do machines more \
             than before, where there are any. The next apply begins another one."
        ),
    )
}

/// Nothing can be seen.
pub(super) fn blind(cluster: &str, why: &str, since: Seconds) -> ProviderError {
    ProviderError::rejected(
        "Rotation paused",
        format!(
            "For {since} s it could not be seen how {cluster} is, and nothing is done to what cannot be seen: {why}. What \
             was begun stays as it is. Apply again when it answers. `kprov rotation status` says how far it is."
        ),
    )
}

/// The group of an operation is gone.
pub(super) fn gone(group: &GroupId) -> ProviderError {
    ProviderError::rejected(
        "Group not found",
        format!("{group} is to be rotated, and the cloud knows no group of that name. Plan again."),
    )
}
