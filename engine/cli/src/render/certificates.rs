//! `pki list`: one line a certificate.

use kprov_ops::KnownCertificate;

use super::text::{table, visible};

/// A table of all of them, as given.
pub(crate) fn certificates(all: &[KnownCertificate]) -> String {
    let head = ["ADDRESS", "CERTIFICATE", "SUBJECT", "ISSUER", "EXPIRES", "DAYS", "USED BY"];
    let rows = all.iter().map(|it| {
        let issuer = if it.issuer == it.subject { "itself" } else { it.issuer.as_str() };
        let days = match it.days_left {
            ..0 => "expired".to_owned(),
            days => days.to_string(),
        };
        let used_by = if it.used_by.is_empty() { "-".to_owned() } else { it.used_by.join(", ") };
        vec![
            visible(&it.address).into_owned(),
            visible(&it.part).into_owned(),
            visible(&it.subject).into_owned(),
            visible(issuer).into_owned(),
            it.not_after.clone(),
            days,
            visible(&used_by).into_owned(),
        ]
    });
    let head = head.map(str::to_owned).to_vec();
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
