//! What can be wrong with the arguments of `pki_certificate`, each at its place.

use kprov_core::{Path, PathStep, Value};
use kprov_pki::{Certificate, SubjectAltName};
use kprov_provider::AttributeError;

use crate::fields::{self, bad};
use crate::{arguments, pem_arguments, told};

/// All of it; parts may be unknown.
pub(crate) fn all(config: &Value) -> Vec<AttributeError> {
    let problems = [
        arguments::validate_subject(config),
        arguments::validate_certifiable(config),
        arguments::validate_hours(config, "validity_hours"),
        arguments::validate_hours(config, "renew_before_hours"),
        window(config),
        no_names(config),
    ];
    let mut problems: Vec<AttributeError> = problems.into_iter().flatten().collect();
    problems.extend(items(config));
    problems.extend(authority(config));
    problems
}

fn window(config: &Value) -> Option<AttributeError> {
    arguments::validate_window(config, "validity_hours", "renew_before_hours", || {
        Some(told::usual_hours(&arguments::subject(config).common_name?))
    })
}

/// TLS looks at names only, not at the subject: a server without one is trusted by nobody.
fn no_names(config: &Value) -> Option<AttributeError> {
    let lists = ["dns_names", "ip_addresses"];
    let none = |name: &str| {
        let list = config.get(name);
        list.is_none_or(|it| it.is_null() || it.as_items().is_some_and(<[Value]>::is_empty))
    };
    let server = fields::texts(config, "usages").iter().any(|usage| usage == "server");
    let why = "A server's certificate is valid for the names that it lists, and this one lists none (clients do not look at \
               common_name): set dns_names or ip_addresses.";
    let missing = server && lists.iter().all(|name| none(name));
    missing.then(|| bad("dns_names", "No name", why))
}

/// Names, addresses and usages.
fn items(config: &Value) -> Vec<AttributeError> {
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
        let why = "A certificate is for a server, a client or both.";
        problems.push(bad("usages", "No usage", why));
    }
    problems
}

/// The authority, its key, and whether it can give what is asked for.
fn authority(config: &Value) -> Vec<AttributeError> {
    let certificate = match pem_arguments::one_certificate(config, "ca_certificate_pem") {
        Ok(certificate) => certificate,
        Err(problem) => return vec![problem],
    };
    let key = match pem_arguments::one_key(config, "ca_private_key_pem") {
        Ok(key) => key,
        Err(problem) => return vec![problem],
    };
    let Some(certificate) = certificate else { return Vec::new() };
    if let Err(why) = certificate.check_authority() {
        return vec![bad("ca_certificate_pem", "Not an authority", format!("{why}."))];
    }
    if let Some(Err(why)) = key.map(|key| certificate.matches(&key)) {
        return vec![bad("ca_private_key_pem", "Not a pair", format!("{why}."))];
    }
    outlives(config, &certificate).into_iter().collect()
}

/// Cut short: the leaf never outlives its authority.
fn outlives(config: &Value, authority: &Certificate) -> Option<AttributeError> {
    let wanted = fields::number(config, "validity_hours")?;
    let life = authority.not_after().duration_since(authority.not_before()).as_hours();
    if wanted <= life || arguments::validate_hours(config, "validity_hours").is_some() {
        return None;
    }
    let why = format!(
        "The certificate is to be valid for {wanted} hours, and its authority ({}) is for {life} in all: it will end with its \
         authority, {}, and cannot be renewed before that is rotated.",
        authority.subject(),
        authority.not_after()
    );
    let problem = bad("validity_hours", "Longer than its authority", why);
    Some(AttributeError { warning: true, ..problem })
}
