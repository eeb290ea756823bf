//! What plans tell of certificates: until when each is valid, and why it is issued anew.

use jiff::Timestamp;
use kprov_core::{Path, PathStep, Value};
use kprov_pki::{Certificate, CertificateRequest};
use kprov_provider::{CertificateChange, CertificateFate, PlannedCertificate};

use crate::{fields, issued, subject};

/// The certificate of an object, issued by `issuer`.
fn certificate(
    change: &CertificateChange<'_>,
    subject: Option<String>,
    issuer: Option<String>,
) -> Vec<PlannedCertificate> {
    let now = change.before.and_then(|it| fields::text(it, "cert_pem"));
    let now = now.and_then(|pem| Certificate::from_pem(pem).ok());
    let anew = !issued::known(change.after, "cert_pem");
    let (fate, reason) = match &now {
        None => (CertificateFate::Issued, Some("first issued".to_owned())),
        Some(_) if anew => (CertificateFate::Reissued, Some(reasons(change))),
        Some(_) => (CertificateFate::Kept, None),
    };
    vec![PlannedCertificate {
        part: String::new(),
        subject,
        issuer,
        authority: fields::flag(change.after, "is_ca_certificate"),
        not_before: now.as_ref().map(|it| it.not_before().to_string()),
        not_after: now.as_ref().map(|it| it.not_after().to_string()),
        renew_at: change.before.and_then(issued::renew_at).map(|it| it.to_string()),
        validity_hours: fields::number(change.after, "validity_period_hours").filter(|_| anew),
        fate,
        reason,
    }]
}

/// Of `tls_self_signed_cert`.
pub(crate) fn self_signed(change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
    let block = kprov_provider::attribute(change.after, "subject");
    let name = block.is_wholly_known().then(|| subject::subject(change.after).to_string());
    certificate(change, name.map(named), Some("itself".to_owned()))
}

/// Of `tls_locally_signed_cert`.
pub(crate) fn locally_signed(change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
    let text = |name| fields::text(change.after, name);
    let request = text("cert_request_pem").map(CertificateRequest::from_pem);
    let name = request.and_then(Result::ok).map(|it| named(it.subject().to_string()));
    let authority = text("ca_cert_pem").map(Certificate::from_pem).and_then(Result::ok);
    certificate(change, name, authority.map(|it| named(it.subject().to_string())))
}

fn named(name: String) -> String {
    if name.is_empty() { "(no subject)".to_owned() } else { name }
}

/// Arguments whose change replaces a certificate, and what is said of it.
const CHANGES: [(&str, &str); 11] = [
    ("subject", "its subject changes"),
    ("dns_names", "its names change"),
    ("ip_addresses", "its addresses change"),
    ("uris", "its URIs change"),
    ("private_key_pem", "its key changes"),
    ("cert_request_pem", "its request (key, subject or names) changes"),
    ("ca_cert_pem", "its authority is another one now"),
    ("ca_private_key_pem", "its authority's key changes"),
    ("private_key_pem_wo_version", "its key changes"),
    ("ca_private_key_pem_wo_version", "its authority's key changes"),
    ("allowed_uses", "its uses change"),
];

fn reasons(change: &CertificateChange<'_>) -> String {
    let mut all: Vec<String> = Vec::new();
    for name in change.forced.iter().filter_map(attribute) {
        let known = CHANGES.iter().find(|(it, _)| *it == name).map(|(_, why)| (*why).to_owned());
        let why = match name {
            "ready_for_renewal" => due(change),
            _ => known.unwrap_or_else(|| format!("{name} changes")),
        };
        if !all.contains(&why) {
            all.push(why);
        }
    }
    if all.is_empty() { "its object is replaced".to_owned() } else { all.join("; ") }
}

fn attribute(path: &Path) -> Option<&str> {
    match path.0.first()? {
        PathStep::Attribute(name) => Some(name.as_str()),
        _ => None,
    }
}

/// Time has made it due, or somebody wants it renewed.
fn due(change: &CertificateChange<'_>) -> String {
    let end = |it: &Value| fields::text(it, "validity_end_time").map(str::to_owned);
    let now = change.at.parse::<Timestamp>().ok();
    let from =
        change.before.and_then(issued::renew_at).filter(|at| now.is_some_and(|it| it >= *at));
    match (change.before.and_then(end), from) {
        (Some(end), Some(from)) => {
            format!("it expires {end}, and its renewal window began {from}")
        }
        _ => "its renewal was requested".to_owned(),
    }
}
