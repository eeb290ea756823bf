//! `pki list`: every certificate in the state, wherever a provider keeps it.
//!
//! Looked at are the results of resources whose provider is `tls` or `pki`: what the user gave is somebody else's certificate,
//! and is found where it was made. Nothing here is secret: private keys are skipped, and never read.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kprov_core::value::walk;
use kprov_core::{ObjectAddr, PathStep, ResourceMode, Value};
use kprov_pki::{Bundle, Certificate};
use kprov_plan::{PriorObject, PriorState};
use serde::Serialize;

use crate::{OpsError, Project, read_state};

/// A certificate in the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownCertificate {
    /// The object that has it.
    pub address: String,
    /// Which of the object's: an attribute, or a ring and a generation.
    pub part: String,
    /// Whose it is.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Names it is valid for.
    pub names: Vec<String>,
    /// May it issue others?
    pub authority: bool,
    /// Valid until, RFC 3339.
    pub not_after: String,
    /// Whole days until then; negative after it.
    pub days_left: i64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Serial number, hexadecimal.
    pub serial_number: String,
    /// Does `pki renew` issue it anew?
    pub renewable: bool,
    /// Resources that refer to the object.
    pub used_by: Vec<String>,
}

/// All certificates, those that end first before the others.
///
/// # Errors
/// When the state cannot be read or understood.
pub fn pki_list(project: &Project) -> Result<Vec<KnownCertificate>, OpsError> {
    let state = read_state(project)?.decoded;
    let now = Timestamp::try_from(project.host.now()).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut all: Vec<KnownCertificate> = Vec::new();
    for (address, object) in &state.objects {
        let used_by = users(&state, address);
        for (part, certificate) in certificates(project, address, object) {
            let renewable = !certificate.is_authority() && is_renewable(project, address, object);
            all.push(known(address, part, &certificate, now, renewable, used_by.clone()));
        }
    }
    all.sort_by(|a, b| {
        let key = |it: &KnownCertificate| (it.not_after.clone(), it.address.clone());
        key(a).cmp(&key(b))
    });
    Ok(all)
}

fn known(
    address: &ObjectAddr,
    part: String,
    certificate: &Certificate,
    now: Timestamp,
    renewable: bool,
    used_by: Vec<String>,
) -> KnownCertificate {
    let left = certificate.not_after().as_second() - now.as_second();
    KnownCertificate {
        address: address.to_string(),
        part,
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: certificate.names().iter().map(ToString::to_string).collect(),
        authority: certificate.is_authority(),
        not_after: certificate.not_after().to_string(),
        days_left: left.div_euclid(86_400),
        sha256: certificate.sha256(),
        serial_number: kprov_pki::hex(certificate.serial()),
        renewable,
        used_by,
    }
}

/// Can the object be renewed, by what its provider says?
pub(crate) fn is_renewable(project: &Project, address: &ObjectAddr, object: &PriorObject) -> bool {
    let provider = project.registry.get(&object.provider.provider);
    let resource = provider.and_then(|it| it.resource(address.instance.resource.ty.as_str()));
    resource.is_some_and(|it| it.renewal_requested(&object.value.clone().unmark_deep().0).is_some())
}

/// The certificates of an object, each once, with where it stands.
fn certificates(
    project: &Project,
    address: &ObjectAddr,
    object: &PriorObject,
) -> Vec<(String, Certificate)> {
    let resource = &address.instance.resource;
    let ours = matches!(object.provider.provider.name.as_str(), "tls" | "pki");
    if !ours || resource.mode != ResourceMode::Managed {
        return Vec::new();
    }
    let provider = project.registry.get(&object.provider.provider);
    let schema = provider.and_then(|it| it.schema().resources.get(resource.ty.as_str()));
    let Some(schema) = schema else { return Vec::new() };
    let is_result = |name: &str| {
        let attribute = schema.schema.block.attributes.get(name);
        attribute.is_some_and(|it| it.computed && !it.optional && !it.required)
    };
    let bare = object.value.clone().unmark_deep().0;
    let results = bare.as_entries().into_iter().flatten().filter(|(name, _)| is_result(name));
    let mut found: Vec<(String, Certificate)> = Vec::new();
    // What says its generation first: the same certificate is often in a bundle as well.
    let mut results: Vec<&(kprov_core::Str, Value)> = results.collect();
    results.sort_by_key(|(name, _)| (name.as_str() != "public_material", name.clone()));
    let mut seen = BTreeSet::new();
    for (name, value) in results {
        walk(value, &mut |path, value| {
            let text =
                value.as_str().filter(|text| text.starts_with("-----BEGIN CERTIFICATE-----"));
            let Some(bundle) = text.and_then(|text| Bundle::from_pem(text).ok()) else { return };
            for certificate in bundle.certificates() {
                if seen.insert(certificate.sha256()) {
                    found.push((part(name.as_str(), path.0.last()), certificate.clone()));
                }
            }
        });
    }
    found
}

/// `certificate_pem`, `generation 2`, `etcd-ca generation 1`.
fn part(attribute: &str, step: Option<&PathStep>) -> String {
    let key = match step {
        Some(PathStep::Key(key)) => Some(key.to_string()),
        Some(PathStep::Attribute(name)) => Some(name.to_string()),
        _ => None,
    };
    let Some(key) = key else { return attribute.to_owned() };
    match key.rsplitn(3, '/').collect::<Vec<_>>()[..] {
        ["cert", number, ""] => format!("generation {number}"),
        ["cert", number, ring] => format!("{ring} generation {number}"),
        _ => format!("{attribute}[{key:?}]"),
    }
}

/// Resources that refer to the object's resource, each once.
fn users(state: &PriorState, address: &ObjectAddr) -> Vec<String> {
    let uses = state.objects.iter().filter(|(_, object)| {
        object.dependencies.iter().any(|it| {
            it.resource == address.instance.resource && it.module == address.instance.module.path()
        })
    });
    let mut all: Vec<String> = uses.map(|(user, _)| user.instance.to_string()).collect();
    all.sort();
    all.dedup();
    all
}
