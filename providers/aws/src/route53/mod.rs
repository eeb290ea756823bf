//! Resource types of Route 53, one per file, and what their calls have in common: names, zones,
//! waiting until a change has spread.

pub(crate) mod changes;
pub(crate) mod record;
pub(crate) mod record_set;
pub(crate) mod zone;
pub(crate) mod zone_association;

use std::time::Duration;

use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput as Zone;
use aws_sdk_route53::types::ChangeStatus;

use crate::api::{Api, Progress};
use crate::bulk::{Found, each};
use crate::resource::Result;

/// How long a change may take to spread.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// An id without `/hostedzone/` or `/change/`.
pub(crate) fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// A name as Route 53 means it: lower case, no dot at the end, escapes such as `\052` for `*`
/// resolved.
pub(crate) fn normal(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name.trim_end_matches('.');
    while let Some(c) = rest.chars().next() {
        let octal = rest.strip_prefix('\\').and_then(|it| it.get(..3));
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if byte.is_ascii() => {
                text.push(char::from(byte).to_ascii_lowercase());
                rest = &rest[4..];
            }
            _ => {
                text.extend(c.to_lowercase());
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    text
}

/// Zones by bare id.
pub(crate) async fn zones(api: Api, ids: Vec<String>) -> Result<Found<Zone>> {
    let api = &api;
    each(ids, |id| async move {
        let ask = || api.route53().get_hosted_zone().id(&id).send();
        api.call("route53", "GetHostedZone", ask).await
    })
    .await
}

/// Waits until a change is everywhere. Those who wait share the looks at one change.
pub(crate) async fn insync(api: &Api, change: &str, timeout: Duration) -> Result<()> {
    api.wait("route53 change", bare(change), timeout, states, |state| match state {
        Some(ChangeStatus::Insync) => Progress::Done(()),
        state => Progress::Pending(state.map_or("PENDING", ChangeStatus::as_str).to_owned()),
    })
    .await
}

async fn states(api: Api, ids: Vec<String>) -> Result<Found<ChangeStatus>> {
    let api = &api;
    each(ids, |id| async move {
        let ask = || api.route53().get_change().id(&id).send();
        let answer = api.call("route53", "GetChange", ask).await?;
        Ok(answer.change_info.map_or(ChangeStatus::Pending, |info| info.status))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        for (name, form) in [
            ("\\052.Example.COM.", "*.example.com"),
            ("*.example.com", "*.example.com"),
            ("a\\b", "a\\b"),
            ("\\", "\\"),
            ("é\\05", "é\\05"),
            ("", ""),
        ] {
            assert_eq!(normal(name), form);
        }
        assert_eq!(bare("/hostedzone/Z1"), "Z1");
    }
}
