//! The certificates of a plan: one line each, with the end of the one that is there, what the next one will live, and why.

use kprov_ops::CertificateInPlan;

use super::super::text::{table, visible};
use super::super::{Style, Tint};

/// A title and a table; nothing where there is nothing to say.
pub(crate) fn certificates(all: &[CertificateInPlan], style: Style) -> String {
    if all.is_empty() {
        return String::new();
    }
    let head = ["CERTIFICATE", "SUBJECT", "ISSUER", "VALID UNTIL", "WHY"].map(str::to_owned);
    let rows = all.iter().map(row);
    let rows: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
    let mut out = format!("\n{}\n\n", style.paint(Tint::Strong, "Certificates:"));
    for line in table(&rows).lines() {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

fn row(it: &CertificateInPlan) -> Vec<String> {
    let unknown = || "(known after apply)".to_owned();
    let shown = |text: &Option<String>| {
        text.as_ref().map_or_else(unknown, |text| visible(text).into_owned())
    };
    let name = format!("{} {}", it.address, it.part);
    let reason = shown(&it.reason);
    vec![
        visible(name.trim_end()).into_owned(),
        shown(&it.subject),
        shown(&it.issuer),
        validity(it),
        match it.action {
            "reissue" => format!("issued anew: {reason}"),
            _ => reason,
        },
    ]
}

/// "END", "for 90 days", "END, then for 90 days".
fn validity(it: &CertificateInPlan) -> String {
    let expired = if it.expired { " (expired)" } else { "" };
    let now = it.not_after.as_ref().map(|end| format!("{end}{expired}"));
    let next = match it.validity_hours {
        // Whole days are enough where there are many.
        Some(hours) if hours % 24 == 0 || hours > 72 => Some(format!("for {} days", hours / 24)),
        Some(hours) => Some(format!("for {hours} hours")),
        None => matches!(it.action, "issue" | "reissue").then(|| "(known after apply)".to_owned()),
    };
    match (now, next) {
        (Some(now), Some(next)) => format!("{now}, then {next}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => String::new(),
    }
}
