//! `pki_certificate`: a leaf of an authority at hand, issued anew when it is due, when its authority is promoted, or when it is
//! to say something else; always in place, with the reason in the plan.

use kprov_core::{Host, Path, Type, Value};
use kprov_pki::{Certificate, LeafRequest, PkiError, RenewalWindow, Usage};
use kprov_provider::{
    Attribute, AttributeError, Block, CertificateChange, Creation, PlanRequest, PlannedCertificate,
    PlannedObject, ProviderError, ResourceSchema, Schema, StateOnly, attribute, with_attributes,
};

use crate::fields::{self, computed, optional, text_or_unknown};
use crate::leaf::{self, Wanted};
use crate::told::{self, Leaf};
use crate::{arguments, certificate_faults as faults};

/// The resource type.
#[derive(Debug)]
pub(crate) struct PkiCertificate;

pub(crate) fn schema() -> ResourceSchema {
    let given = |text: &str| Attribute::new(Type::String).required().describe(text);
    let list = |text: &str| optional(fields::text_list(), text);
    let usages = Attribute::new(fields::text_list()).required();
    let reuse = Attribute::new(Type::Bool).default(Value::Bool(false));
    let own = [
        ("dns_names", list("Names the certificate is valid for; what reads as an address becomes one.")),
        ("ip_addresses", list("Addresses the certificate is valid for.")),
        ("usages", usages.describe("What it is for: server, client or both.")),
        ("validity_hours", optional(Type::Number, "How long it is valid (default: 455 days less 0 to 30 days, drawn from the common name). It never outlives its authority.")),
        ("renew_before_hours", optional(Type::Number, "It is issued anew so long before its end (default: a third of its life).")),
        ("algorithm", arguments::algorithm_attribute("Of its key; see pki_authority.")),
        ("reuse_key", reuse.describe("Keep the private key when the certificate is issued anew (default: false, a new one each time).")),
        ("ca_certificate_pem", given("The authority's certificate: the certificate_pem of a pki_authority.")),
        ("ca_private_key_pem", given("The authority's private key.").sensitive()),
        ("ca_generation", optional(Type::Number, "The authority's primary generation, so that the plan can name it.")),
        ("ca_sha256", computed(Type::String, "SHA-256 of the authority's certificate.")),
        ("serial_number", computed(Type::String, "In hexadecimal digits.")),
    ];
    let all = own.into_iter().chain(leaf::attributes("Its"));
    let block = Block {
        attributes: all.map(|(name, attribute)| (name.into(), attribute)).collect(),
        blocks: [("subject".into(), arguments::subject_block())].into(),
        description: "A certificate of a server or a client, issued by an authority at hand and renewed by apply.".into(),
    };
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Local }
}

/// Arguments whose change issues the certificate anew, and what the plan says of it.
const CHANGES: [(&str, &str); 6] = [
    ("subject", "its subject changes"),
    ("dns_names", "its names change"),
    ("ip_addresses", "its addresses change"),
    ("usages", "its usages change"),
    ("validity_hours", "its validity changes"),
    ("algorithm", "the algorithm of its key changes"),
];

/// All arguments that may be a reason.
const REASONS: [&str; 8] = [
    "subject",
    "dns_names",
    "ip_addresses",
    "usages",
    "validity_hours",
    "algorithm",
    "ca_certificate_pem",
    "ca_generation",
];

fn window(object: &Value) -> RenewalWindow {
    arguments::hours(object, "renew_before_hours")
        .map_or(RenewalWindow::LastThird, RenewalWindow::Before)
}

fn wanted(host: &dyn Host, object: &Value) -> Result<Wanted, PkiError> {
    let subject = arguments::subject(object);
    let name = subject.common_name.unwrap_or_default();
    let usages = fields::texts(object, "usages").into_iter().map(|usage| match usage.as_str() {
        "client" => Usage::Client,
        _ => Usage::Server,
    });
    let life = arguments::hours(object, "validity_hours");
    let (not_before, not_after) = leaf::validity(host, &name, life);
    Ok(Wanted {
        request: LeafRequest {
            common_name: name,
            organizations: subject.organizations,
            dns_names: fields::texts(object, "dns_names"),
            ip_addresses: fields::texts(object, "ip_addresses"),
            usages: usages.collect(),
            not_before,
            not_after,
        },
        algorithm: arguments::algorithm(object)?,
        window: window(object),
    })
}

/// Why the certificate of `prior` is not the one that `proposed` asks for.
fn reasons(prior: &Value, proposed: &Value) -> Vec<String> {
    let mut reasons: Vec<String> = leaf::renewal_reason("", prior).into_iter().collect();
    reasons.extend(authority_reason(prior, proposed));
    for (name, why) in CHANGES {
        let (before, after) = (attribute(prior, name), attribute(proposed, name));
        let empty =
            |value: &Value| value.is_null() || value.as_items().is_some_and(<[Value]>::is_empty);
        if before != after && !(empty(&before) && empty(&after)) {
            reasons.push(why.to_owned());
        }
    }
    reasons
}

fn authority_reason(prior: &Value, proposed: &Value) -> Option<String> {
    let Some(pem) = fields::text(proposed, "ca_certificate_pem") else {
        // Perhaps; the reason is unknown, too, then.
        return Some(String::new());
    };
    let sha256 = Certificate::from_pem(pem).map(|it| it.sha256()).unwrap_or_default();
    if fields::text(prior, "ca_sha256") == Some(sha256.as_str()) {
        return None;
    }
    let (before, after) =
        (fields::number(prior, "ca_generation"), fields::number(proposed, "ca_generation"));
    Some(match after.filter(|_| before != after) {
        Some(generation) => format!("its authority was promoted to generation {generation}"),
        None => "its authority is another one now".to_owned(),
    })
}

/// The authority's certificate, if it is known.
fn authority(object: &Value) -> Option<Certificate> {
    fields::text(object, "ca_certificate_pem").and_then(|pem| Certificate::from_pem(pem).ok())
}

/// When the certificate that `holder` has is due, by what `object` says.
fn due_at(holder: &Value, object: &Value) -> Option<String> {
    let certificate = Certificate::from_pem(fields::text(holder, "certificate_pem")?).ok()?;
    let authority_ends = authority(object).map(|it| it.not_after());
    Some(leaf::renewal_time(&certificate, window(object), authority_ends))
}

fn authority_sha256(object: &Value) -> Value {
    text_or_unknown(authority(object).map(|it| it.sha256()))
}

fn issue(
    host: &dyn Host,
    planned: &Value,
    old_key: Option<&str>,
    reason: &str,
) -> Result<Value, ProviderError> {
    // What was not known when it was planned.
    fields::refuse(faults::all(planned))?;
    let text = |name| fields::text(planned, name).unwrap_or("");
    let authority = (text("ca_certificate_pem"), text("ca_private_key_pem"));
    let issued = wanted(host, planned).and_then(|wanted| {
        let issued = leaf::issue(host, &wanted, authority, old_key)?;
        let mut results = leaf::results("", &issued, reason);
        let serial = kprov_pki::hex(issued.certificate.serial());
        results.push(("serial_number".to_owned(), Value::string(serial)));
        results.push(("ca_sha256".to_owned(), authority_sha256(planned)));
        Ok(with_attributes(planned, results))
    });
    issued.map_err(|why| {
        // All else was checked: it is the authority's time.
        let error = ProviderError::rejected("Failed to issue certificate", format!("{why}."));
        error.at(Path::attribute("ca_certificate_pem"))
    })
}

impl StateOnly for PkiCertificate {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        faults::all(config)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let proposed = request.proposed;
        let Some(prior) = request.prior else {
            let first = leaf::planned("", leaf::FIRST.into(), None);
            let authority = [("ca_sha256".to_owned(), authority_sha256(proposed))];
            return Ok(with_attributes(proposed, first.into_iter().chain(authority)).into());
        };
        let reasons = reasons(prior, proposed);
        if reasons.is_empty() {
            // Another window is no reason for another certificate.
            let known = fields::all_known(proposed, &["renew_before_hours"]);
            let at = due_at(prior, proposed).filter(|_| known);
            return Ok(with_attributes(proposed, [("renew_at", text_or_unknown(at))]).into());
        }
        let same_key = fields::flag(proposed, "reuse_key")
            && attribute(prior, "algorithm") == attribute(proposed, "algorithm");
        let key = same_key.then(|| attribute(prior, "private_key_pem"));
        let more = [
            ("serial_number".to_owned(), Value::unknown(Type::String)),
            ("ca_sha256".to_owned(), authority_sha256(proposed)),
        ];
        // What is not known yet may turn out to be no reason: then only the apply can say which there were.
        let known = fields::all_known(proposed, &REASONS);
        let reason = text_or_unknown(known.then(|| reasons.join("; ")));
        let anew = leaf::planned("", reason, key);
        Ok(with_attributes(proposed, anew.into_iter().chain(more)).into())
    }

    fn read(&self, host: &dyn Host, prior: &Value) -> Value {
        leaf::read("", host, prior)
    }

    fn renewal_requested(&self, prior: &Value) -> Option<Value> {
        Some(leaf::requested("", prior))
    }

    fn certificates(&self, change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
        let after = change.after;
        let name = arguments::subject(after).common_name;
        let usual = || name.as_deref().map(told::usual_hours);
        let hours = match attribute(after, "validity_hours") {
            given if given.is_null() => usual(),
            _ => fields::number(after, "validity_hours"),
        };
        let authority = authority(after);
        let generation = fields::number(after, "ca_generation");
        let issuer = authority.as_ref().map(|it| match generation {
            Some(generation) => format!("{}, generation {generation}", it.subject()),
            None => it.subject().to_string(),
        });
        let leaf = Leaf {
            prefix: "",
            part: "",
            subject: arguments::told_subject(after),
            issuer: issuer.or_else(|| generation.map(|it| format!("generation {it}"))),
            authority_ends: authority.map(|it| it.not_after().to_string()),
            validity_hours: hours,
        };
        vec![leaf.told(change)]
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        issue(host, planned, None, leaf::FIRST)
    }

    fn update(
        &self,
        host: &dyn Host,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, ProviderError> {
        if leaf::is_to_be_issued("", planned) {
            let reuse = fields::flag(planned, "reuse_key");
            let old_key = fields::text(prior, "private_key_pem").filter(|_| reuse);
            let reason = fields::text(planned, "reissue_reason").unwrap_or_default();
            return issue(host, planned, old_key, reason);
        }
        let at = text_or_unknown(due_at(planned, planned));
        Ok(with_attributes(planned, [("renew_at", at)]))
    }
}
