//! What a plan says of certificates: which are issued, which are issued anew and why, and which stay though their end is near.
//!
//! Providers tell ([`kprov_provider::Resource::certificates`]); what is told of one that stays is decided here, by the
//! plan's own time, so that a saved plan tells the same whenever it is shown. No secret is in it.

use jiff::{SignedDuration, Timestamp};
use kprov_core::value::Secrets;
use kprov_core::{ResourceMode, Value};
use kprov_plan::{Action, Change, Plan};
use kprov_provider::{CertificateChange, CertificateFate, PlannedCertificate, Registry};
use serde::Serialize;

/// Leaves live at most so long: an authority with less cuts the next ones short.
const LEAF: SignedDuration = SignedDuration::from_hours(24 * 455);

/// A certificate of which a plan has something to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateInPlan {
    /// The object that has it.
    pub address: String,
    /// Which of the object's; empty where it has one only.
    pub part: String,
    /// Whose it is; null until known.
    pub subject: Option<String>,
    /// Who issues it: a name and a generation; null until known.
    pub issuer: Option<String>,
    /// May it issue others?
    pub authority: bool,
    /// The end of the one that is there, RFC 3339; null where there is none.
    pub not_after: Option<String>,
    /// Has that one ended already?
    pub expired: bool,
    /// How many hours the one is valid at most that will be issued; null where none will be, or until known.
    pub validity_hours: Option<i64>,
    /// keep, issue, reissue, move, withdraw
    pub action: &'static str,
    /// Why; null until known.
    pub reason: Option<String>,
}

/// All of them, in the order of the plan.
pub fn plan_certificates(plan: &Plan, registry: &Registry) -> Vec<CertificateInPlan> {
    let now = plan.timestamp.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let told = plan.changes.iter().map(|change| (change, of_change(change, plan, registry)));
    let told: Vec<_> = told.filter(|(_, certificates)| !certificates.is_empty()).collect();
    if told.is_empty() {
        return Vec::new();
    }
    // Of all: a name may come out of the certificate of another object, which does not call it a secret.
    let secrets = Secrets::of(plan.changes.iter().flat_map(|it| [&it.before, &it.after]));
    let entries = told.into_iter().flat_map(|(change, certificates)| {
        let address = change.addr.to_string();
        let entries = certificates.into_iter().map(|it| entry(it, &address, &secrets, now));
        entries.flatten().collect::<Vec<_>>()
    });
    entries.collect()
}

fn of_change(change: &Change, plan: &Plan, registry: &Registry) -> Vec<PlannedCertificate> {
    let goes = matches!(change.action, Action::Delete | Action::Forget | Action::Read);
    let resource = &change.addr.resource;
    if goes || resource.mode != ResourceMode::Managed || change.deposed.is_some() {
        return Vec::new();
    }
    let provider = registry.get(&change.provider.provider);
    let Some(code) = provider.and_then(|it| it.resource(resource.ty.as_str())) else {
        return Vec::new();
    };
    let bare = |value: &Value| value.clone().unmark_deep().0;
    let (before, after) = (bare(&change.before), bare(&change.after));
    code.certificates(&CertificateChange {
        before: Some(&before).filter(|it| !it.is_null()),
        after: &after,
        replaced: matches!(change.action, Action::Replace(_)),
        forced: &change.replace_paths,
        at: &plan.timestamp,
    })
}

/// The entry, unless it stays and there is nothing to say of it.
fn entry(
    told: PlannedCertificate,
    address: &str,
    secrets: &Secrets,
    now: Timestamp,
) -> Option<CertificateInPlan> {
    let time = |text: &Option<String>| text.as_ref().and_then(|it| it.parse::<Timestamp>().ok());
    let (from, until) = (time(&told.not_before), time(&told.not_after));
    let mut reason = told.reason;
    if told.fate == CertificateFate::Kept {
        let (from, until) = from.zip(until)?;
        let left = until.duration_since(now);
        if left >= LEAF || left > until.duration_since(from) / 3 {
            return None;
        }
        reason = Some(near_end(told.authority, reason, time(&told.renew_at), now));
    }
    let hide = |text: String| match secrets.are_in(&text) {
        true => "(sensitive value)".to_owned(),
        false => text,
    };
    Some(CertificateInPlan {
        address: address.to_owned(),
        part: told.part,
        subject: told.subject.map(hide),
        issuer: told.issuer.map(hide),
        authority: told.authority,
        not_after: told.not_after,
        expired: until.is_some_and(|until| until <= now),
        validity_hours: told.validity_hours,
        action: told.fate.word(),
        reason: reason.map(hide),
    })
}

/// What is said of one that stays though it ends before long.
fn near_end(
    authority: bool,
    reason: Option<String>,
    renew_at: Option<Timestamp>,
    now: Timestamp,
) -> String {
    match (reason, renew_at.filter(|at| *at > now)) {
        (Some(reason), _) => reason,
        (None, _) if authority => {
            "it stays, and what it issues ends with it: rotate it before it ends".to_owned()
        }
        (None, Some(at)) => format!("it stays until the first apply after {at}"),
        (None, None) => "it stays in this plan".to_owned(),
    }
}
