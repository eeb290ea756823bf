//! `pki_certificate`: a leaf of an authority at hand, issued anew when it is due, when its authority is promoted, or when it is
//! to say something else; always in place, with the reason in the plan.

use kprov_core::{Host, Path, PathStep, Type, Value};
use kprov_pki::{
    Certificate, LeafRequest, PkiError, PrivateKey, RenewalWindow, SubjectAltName, Usage,
};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, PlanRequest, PlannedObject, ProviderError,
    ResourceSchema, Schema, StateOnly, attribute, with_attributes,
};

use crate::arguments;
use crate::fields::{self, bad, computed, optional, text_or_unknown};
use crate::leaf::{self, Wanted};

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

fn authority_sha256(object: &Value) -> Value {
    let pem = fields::text(object, "ca_certificate_pem");
    text_or_unknown(pem.and_then(|pem| Certificate::from_pem(pem).ok()).map(|it| it.sha256()))
}

fn issue(
    host: &dyn Host,
    planned: &Value,
    old_key: Option<&str>,
    reason: &str,
) -> Result<Value, ProviderError> {
    let text = |name| fields::text(planned, name).unwrap_or("");
    let authority = (text("ca_certificate_pem"), text("ca_private_key_pem"));
    let issued = wanted(host, planned).and_then(|wanted| {
        let (certificate, key) = leaf::issue(host, &wanted, authority, old_key)?;
        let mut results = leaf::results("", &certificate, &key, wanted.window, reason);
        results.push((
            "serial_number".to_owned(),
            Value::string(kprov_pki::hex(certificate.serial())),
        ));
        results.push(("ca_sha256".to_owned(), authority_sha256(planned)));
        Ok(with_attributes(planned, results))
    });
    issued.map_err(|why| ProviderError::rejected("Failed to issue certificate", format!("{why}.")))
}

impl StateOnly for PkiCertificate {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems: Vec<AttributeError> = [
            arguments::validate_subject(config),
            arguments::validate_certifiable(config),
            arguments::validate_hours(config, "validity_hours"),
            arguments::validate_hours(config, "renew_before_hours"),
        ]
        .into_iter()
        .flatten()
        .collect();
        problems.extend(arguments::validate_window(config, "validity_hours", "renew_before_hours"));
        problems.extend(validate_items(config));
        problems.extend(validate_authority(config));
        problems
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
            let certificate = fields::text(prior, "certificate_pem").map(Certificate::from_pem);
            let at = certificate.and_then(Result::ok).filter(|_| known);
            let at = at.map(|it| leaf::renewal_time(&it, window(proposed)));
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
        let certificate = fields::text(planned, "certificate_pem").map(Certificate::from_pem);
        let at = certificate.and_then(Result::ok);
        let at = at.map(|it| leaf::renewal_time(&it, window(planned)));
        Ok(with_attributes(planned, [("renew_at", text_or_unknown(at))]))
    }
}

/// Names, addresses and usages, each at its place.
fn validate_items(config: &Value) -> Vec<AttributeError> {
    let mut problems = Vec::new();
    let mut check = |list: &str, fault: &dyn Fn(&str) -> Option<String>| {
        let items = config.get(list).and_then(Value::as_items).unwrap_or_default();
        for (index, item) in (0_u64..).zip(items) {
            if let Some(why) = item.as_str().and_then(fault) {
                let path = Path::attribute(list).then(PathStep::Index(index));
                problems.push(AttributeError::new(path, "Invalid value", format!("{why}.")));
            }
        }
    };
    check("dns_names", &|text| SubjectAltName::host(text).err().map(|why| why.to_string()));
    check("ip_addresses", &|text| {
        let fine = text.parse::<std::net::IpAddr>().is_ok();
        (!fine).then(|| format!("{text:?} is not an address (IPv4 or IPv6)"))
    });
    check("usages", &|text| {
        let fine = matches!(text, "server" | "client");
        (!fine).then(|| format!("{text:?} is neither server nor client"))
    });
    if config.get("usages").and_then(Value::as_items).is_some_and(<[Value]>::is_empty) {
        problems.push(bad(
            "usages",
            "No usage",
            "A certificate is for a server, a client or both.",
        ));
    }
    problems
}

fn validate_authority(config: &Value) -> Option<AttributeError> {
    let text = |name| fields::text(config, name);
    let certificate = match Certificate::from_pem(text("ca_certificate_pem")?) {
        Ok(certificate) => certificate,
        Err(why) => return Some(bad("ca_certificate_pem", "Invalid certificate", why)),
    };
    if let Err(why) = certificate.check_authority() {
        return Some(bad("ca_certificate_pem", "Not an authority", why));
    }
    let key = match PrivateKey::from_pem(text("ca_private_key_pem")?) {
        Ok(key) => key,
        Err(why) => return Some(bad("ca_private_key_pem", "Invalid private key", why)),
    };
    let why = certificate.matches(&key).err()?;
    Some(bad("ca_private_key_pem", "Not a pair", why))
}
