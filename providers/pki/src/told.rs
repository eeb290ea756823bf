//! What plans tell of certificates: those of an authority, generation by generation, and leaves.

use kprov_core::Value;
use kprov_pki::{Certificate, Timestamp, leaf_validity};
use kprov_provider::{CertificateChange, CertificateFate, PlannedCertificate};

use crate::authority::TEN_YEARS_HOURS;
use crate::fields;
use crate::generations::Steps;
use crate::leaf;
use crate::material::{Material, Ring};

/// Hours that a leaf of that name is valid if nothing is said.
pub(crate) fn usual_hours(name: &str) -> i64 {
    let epoch = kprov_pki::Timestamp::UNIX_EPOCH;
    leaf_validity(name, epoch).1.duration_since(epoch).as_hours()
}

/// A leaf: how it stands before and after.
#[derive(Debug)]
pub(crate) struct Leaf<'a> {
    /// Of its results.
    pub(crate) prefix: &'a str,
    pub(crate) part: &'a str,
    pub(crate) subject: Option<String>,
    pub(crate) issuer: Option<String>,
    /// The end of the authority that has issued it, RFC 3339.
    pub(crate) authority_ends: Option<String>,
    pub(crate) validity_hours: Option<i64>,
}

impl Leaf<'_> {
    pub(crate) fn told(self, change: &CertificateChange<'_>) -> PlannedCertificate {
        let text = |object: Option<&Value>, name: &str| {
            object
                .and_then(|it| fields::text(it, &format!("{}{name}", self.prefix)))
                .map(str::to_owned)
        };
        let now = text(change.before, "certificate_pem");
        let now = now.and_then(|pem| Certificate::from_pem(&pem).ok());
        let issued = leaf::is_to_be_issued(self.prefix, change.after);
        let fate = match (&now, issued) {
            (None, _) => CertificateFate::Issued,
            (Some(_), true) => CertificateFate::Reissued,
            (Some(_), false) => CertificateFate::Kept,
        };
        let ends = now.as_ref().map(|it| it.not_after().to_string());
        let reason = match fate {
            CertificateFate::Reissued if change.replaced => {
                Some("its object is replaced".to_owned())
            }
            CertificateFate::Kept => (ends.is_some() && ends == self.authority_ends).then(|| {
                "it ends with its authority, and cannot be renewed before that is rotated"
                    .to_owned()
            }),
            _ => text(Some(change.after), "reissue_reason"),
        };
        // It never outlives its authority.
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let left = self.authority_ends.as_deref().and_then(time).zip(time(change.at));
        let left = left.map(|(end, now)| end.duration_since(now).as_hours());
        let hours = self.validity_hours.map(|hours| left.map_or(hours, |left| left.min(hours)));
        PlannedCertificate {
            part: self.part.to_owned(),
            subject: self.subject,
            issuer: self.issuer,
            authority: false,
            not_before: now.as_ref().map(|it| it.not_before().to_string()),
            not_after: ends,
            renew_at: text(change.before, "renew_at"),
            validity_hours: hours.filter(|_| issued),
            fate,
            reason,
        }
    }
}

/// A ring of an object, with what there is of it.
type Held<'a> = (Ring<'a>, &'a Material);

/// Each generation of an authority, whose name is `subject` if it is known. The rotation's own steps are unknown in `after`
/// where they are in the configuration.
pub(crate) fn generations(
    change: &CertificateChange<'_>,
    subject: Option<String>,
    before: Option<Held<'_>>,
    after: Option<Held<'_>>,
) -> Vec<PlannedCertificate> {
    let before = before.filter(|_| !change.replaced);
    let Some((name, steps)) = after.or(before).map(|(ring, _)| (ring.name, ring.steps)) else {
        return Vec::new();
    };
    let numbers = [before, after].into_iter().flatten().flat_map(|(ring, it)| it.numbers(&ring));
    let mut numbers: Vec<i64> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    let certificate = |held: Option<Held<'_>>, number| {
        let (ring, material) = held?;
        Certificate::from_pem(material.part(ring.name, number, "cert")?).ok()
    };
    let hours = fields::number(change.after, "validity_hours").unwrap_or(TEN_YEARS_HOURS);
    let told = numbers.into_iter().filter_map(|number| {
        let then = before.map(|(ring, _)| ring.steps);
        let there = certificate(before, number);
        let gone = number > steps.newest;
        let (fate, reason) = match &there {
            None => (CertificateFate::Issued, Some(new(then.is_some(), steps, number))),
            Some(_) if gone => (CertificateFate::Withdrawn, Some("it is withdrawn".to_owned())),
            Some(_) => moved(then.unwrap_or(steps), steps, number)?,
        };
        let own = there.as_ref().map(|it| it.subject().to_string());
        Some(PlannedCertificate {
            part: format!("{name} generation {number}").trim_start().to_owned(),
            subject: own.or_else(|| subject.clone()),
            issuer: Some("itself".to_owned()),
            authority: true,
            not_before: there.as_ref().map(|it| it.not_before().to_string()),
            not_after: there.as_ref().map(|it| it.not_after().to_string()),
            renew_at: None,
            validity_hours: there.is_none().then_some(hours),
            fate,
            reason,
        })
    });
    told.collect()
}

fn new(rotated: bool, steps: Steps, number: i64) -> String {
    match steps.state(number) {
        _ if !rotated => leaf::FIRST.to_owned(),
        "next" => format!("generation {number} is staged: trusted from now on, signs nothing yet"),
        _ => format!("generation {number} is made"),
    }
}

/// What a step does to a generation that is there; `None` for one that nobody trusts any more.
fn moved(before: Steps, after: Steps, number: i64) -> Option<(CertificateFate, Option<String>)> {
    let (then, now) = (before.state(number), after.state(number));
    let why = match (then, now) {
        ("distrusted", _) => return None,
        (then, now) if then == now => return Some((CertificateFate::Kept, None)),
        (_, "primary") => "promoted: it signs from now on",
        ("primary", "distrusted") | (_, "distrusted") => {
            "distrusted: it leaves the bundle, and its private key is dropped"
        }
        ("primary", "next") => "it signs no longer, and is still trusted",
        _ => "it signs no longer, and is trusted until it is distrusted",
    };
    Some((CertificateFate::Moved, Some(why.to_owned())))
}
