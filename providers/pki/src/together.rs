//! What no object sees alone: a generation may not be distrusted or withdrawn while a certificate of it is in use.
//!
//! That the same apply would issue the certificate anew is not enough: whoever uses it has the old one until then, and may
//! meet somebody who trusts it no more. Trust first, then use; and the reverse on the way back.

use std::collections::BTreeMap;

use kprov_core::{Path, PathStep, Value};
use kprov_pki::Certificate;
use kprov_provider::{AttributeError, PlannedInstance, attribute};

use crate::fields;
use crate::generations::Steps;
use crate::kubernetes;
use crate::kubernetes_tree::AUTHORITIES;
use crate::material::{Material, Ring};

/// Types that are looked at.
pub(crate) const TYPES: [&str; 3] = ["pki_authority", "pki_certificate", "pki_kubernetes"];

/// A generation that a plan takes out of what is trusted.
#[derive(Debug)]
struct Dropped {
    /// The instance's index.
    authority: usize,
    number: i64,
    primary: i64,
    /// The argument that does it.
    path: Path,
    /// Is it distrusted? Else it is withdrawn before anybody should have used it.
    distrusted: bool,
}

/// Problems with the index of the authority at fault.
pub(crate) fn problems(planned: &[PlannedInstance<'_>]) -> Vec<(usize, AttributeError)> {
    let mut dropped: BTreeMap<String, Dropped> = BTreeMap::new();
    for (index, instance) in planned.iter().enumerate() {
        let Some(before) = instance.before.filter(|_| !instance.is_new) else { continue };
        dropped.extend(dropped_by(index, instance.ty, before, instance.value));
    }
    let leaves = planned.iter().filter(|it| it.ty == "pki_certificate");
    let used = leaves.filter_map(|leaf| {
        let before = leaf.before?;
        let generation = dropped.get(fields::text(before, "ca_sha256")?)?;
        Some((generation.authority, generation.problem(leaf, before)))
    });
    used.collect()
}

/// By the digests of their certificates.
fn dropped_by(index: usize, ty: &str, before: &Value, after: &Value) -> Vec<(String, Dropped)> {
    let rings = |object: &Value| match ty {
        "pki_authority" => {
            let steps = Steps::of(object)?;
            Some(vec![Ring { name: "", parts: &["cert"], steps }])
        }
        "pki_kubernetes" => kubernetes::rings(object),
        _ => None,
    };
    let block = (ty == "pki_kubernetes").then_some("authorities");
    let (Some(then), Some(now)) = (rings(before), rings(after)) else { return Vec::new() };
    let material = Material::of(before);
    let mut all = Vec::new();
    for (then, now) in then.iter().zip(&now) {
        if !(then.name.is_empty() || AUTHORITIES.contains(&then.name)) {
            continue;
        }
        for number in then.steps.trusted() {
            let distrusted = number < now.steps.trusted_from;
            let pem = material.part(then.name, number, "cert");
            let certificate = pem.and_then(|pem| Certificate::from_pem(pem).ok());
            if let Some(certificate) = certificate
                && (distrusted || number > now.steps.newest)
            {
                let name = if distrusted { "trusted_from" } else { "generation" };
                let path = match block {
                    Some(block) => Path::attribute(block).then(PathStep::Attribute(name.into())),
                    None => Path::attribute(name),
                };
                let primary = now.steps.primary;
                let dropped = Dropped { authority: index, number, primary, path, distrusted };
                all.push((certificate.sha256(), dropped));
            }
        }
    }
    all
}

impl Dropped {
    fn problem(&self, leaf: &PlannedInstance<'_>, before: &Value) -> AttributeError {
        let Dropped { number, primary, distrusted, .. } = self;
        let end = attribute(before, "expires_at");
        let end = end.as_str().map(|end| format!(", valid until {end},")).unwrap_or_default();
        let step = if *distrusted { "distrusted" } else { "withdrawn" };
        let why = format!(
            "generation {number} cannot be {step} yet: {}{end} is still of it, and whoever uses that certificate would be refused \
             by all who have the new bundle. First apply with generation {number} still trusted and primary = {primary}, so that \
             it is issued anew; then take generation {number} away.",
            leaf.addr
        );
        AttributeError::new(self.path.clone(), "Generation in use", why)
    }
}
