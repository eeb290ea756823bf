//! `pki_kubernetes`: all keys and certificates of a cluster that are made before there is a node: three authorities, the service
//! account keys, the encryption of secrets, a bootstrap token, and the administrator's certificate. Its result `tree` is the
//! tree of docs/adr/0003-pki-nodes-and-masters.md.

use kprov_core::{Host, Path, Type, Value};
use kprov_pki::{Certificate, DistinguishedName, LeafRequest, RenewalWindow};
use kprov_provider::{
    Attribute, AttributeError, Block, CertificateChange, Creation, NestedBlock, Nesting,
    PlanRequest, PlannedCertificate, PlannedObject, ProviderError, ResourceSchema, Schema,
    StateOnly, attribute, with_attributes,
};

use crate::fields::{self, bad, computed, optional};
use crate::generations::{self, Steps};
use crate::kubernetes_tree::{self, ADMIN, AUTHORITIES, ENCRYPTION, SERVICE_ACCOUNT, TOKEN};
use crate::leaf::{self, Wanted};
use crate::material::{self, Material, Ring};
use crate::told::{self, Leaf};
use crate::{arguments, authority, bootstrap_token, encryption, keypair};

/// The resource type.
#[derive(Debug)]
pub(crate) struct PkiKubernetes;

/// Whose the administrator's certificate is.
const ADMIN_NAME: &str = "kubernetes-admin";
const ADMIN_GROUP: &str = "system:masters";

/// Blocks with a rotation of their own, and what is rotated by them.
const BLOCKS: [(&str, &str); 3] = [
    ("authorities", "The rotation of the three authorities: kubernetes, etcd and front-proxy."),
    ("service_account", "The rotation of the service account keys."),
    ("encryption", "The rotation of the key that encrypts secrets in etcd."),
];

pub(crate) fn schema() -> ResourceSchema {
    let list = |text: &str| computed(fields::text_list(), text);
    let text = |text: &str| computed(Type::String, text);
    let life = Attribute::new(Type::Number).default(Value::int(authority::TEN_YEARS_HOURS));
    let name = Attribute::new(Type::String).required().force_new();
    let own = [
        ("cluster_name", name.describe("The cluster's name: the organization of its authorities, and the cluster of the kubeconfig.")),
        ("algorithm", arguments::algorithm_attribute("Of keys that are made from now on; see pki_authority. ED25519 is not for Kubernetes.")),
        ("validity_hours", life.describe("How long authorities that are made from now on are valid (default: ten years).")),
        ("admin_validity_hours", optional(Type::Number, "How long the administrator's certificate is valid (default: 455 days less 0 to 30).")),
        ("admin_renew_before_hours", optional(Type::Number, "It is issued anew by the first apply so long before its end (default: a third of its life).")),
        ("endpoint", optional(Type::String, "Where the API is, https://NAME:6443, for admin_kubeconfig; may be known after apply only.")),
        material::private_attribute(),
        material::public_attribute(),
        ("tree", computed(Type::map(Type::String), "All texts by their path, e.g. kubernetes-ca/bundle.pem.").sensitive()),
        ("master_paths", list("Paths of tree that only masters may read: private keys, the encryption of secrets.")),
        ("worker_paths", list("Paths of tree that are secret, and that workers read as well: the bootstrap token.")),
        ("public_paths", list("Paths of tree that are no secret.")),
        ("master_tree_hash", text("What a master tells of itself (kprov.dev/tree) once all its programs run with this tree.")),
        ("worker_tree_hash", text("What a worker tells of itself likewise.")),
        ("ca_bundle_pem", text("Certificates of the kubernetes authority, all that is trusted, the primary's first.")),
        ("ca_certificate_pem", text("The kubernetes authority's primary certificate.")),
        ("ca_private_key_pem", text("Its private key, for pki_certificate.").sensitive()),
        ("bootstrap_token", text("ID.SECRET").sensitive()),
        ("admin_kubeconfig", text("The administrator's kubeconfig, if endpoint is set.").sensitive()),
        ("expires_at", text("The earliest end of a primary authority, RFC 3339.")),
        ("rotation", text("Where the rotations stand and what comes next.")),
    ];
    let admin = leaf::attributes("The administrator's");
    let admin =
        admin.into_iter().map(|(name, attribute)| (format!("{ADMIN}{name}").into(), attribute));
    let own = own.into_iter().map(|(name, attribute)| (kprov_core::Str::from(name), attribute));
    let blocks = BLOCKS.map(|(name, text)| {
        let block = Block::of(text, generations::attributes());
        let nested = NestedBlock {
            nesting: Nesting::Single,
            block,
            min_items: 0,
            max_items: 1,
            force_new: false,
        };
        (name.into(), nested)
    });
    let block = Block {
        attributes: own.chain(admin).collect(),
        blocks: blocks.into(),
        description:
            "All keys and certificates of a Kubernetes cluster that are there before its nodes."
                .into(),
    };
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Local }
}

/// The rings, if all rotations are known.
pub(crate) fn rings(object: &Value) -> Option<Vec<Ring<'static>>> {
    let steps = |block: &str| Steps::of(&attribute(object, block));
    let (authorities, encryption) = (steps("authorities")?, steps("encryption")?);
    let mut rings: Vec<Ring<'static>> = AUTHORITIES
        .iter()
        .map(|name| Ring { name, parts: &["cert", "key"], steps: authorities })
        .collect();
    let steps = steps("service_account")?;
    rings.push(Ring { name: SERVICE_ACCOUNT, parts: &["key", "pub"], steps });
    rings.push(Ring { name: ENCRYPTION, parts: &["secret"], steps: encryption });
    rings.push(Ring { name: TOKEN, parts: &["token"], steps: Steps::FIRST });
    Some(rings)
}

/// One of the rings, with what there is of all.
fn ring_of<'h>(
    held: Option<&'h (Vec<Ring<'static>>, Material)>,
    name: &str,
) -> Option<(Ring<'static>, &'h Material)> {
    let (rings, material) = held?;
    let ring = rings.iter().find(|ring| ring.name == name)?;
    Some((*ring, material))
}

/// May these rotations follow those of `prior`?
fn check_rotations(prior: Option<&Value>, object: &Value) -> Result<(), ProviderError> {
    for (block, _) in BLOCKS {
        let before = prior.and_then(|prior| Steps::of(&attribute(prior, block)));
        let after = Steps::of(&attribute(object, block)).unwrap_or(Steps::FIRST);
        generations::planned(after, before, Some(block))?;
    }
    Ok(())
}

fn make_part(
    host: &dyn Host,
    object: &Value,
    ring: &Ring<'_>,
) -> Result<Vec<(&'static str, String)>, ProviderError> {
    match ring.name {
        SERVICE_ACCOUNT => keypair::generate(host, object),
        ENCRYPTION => Ok(encryption::generate(host)),
        TOKEN => {
            let (id, secret) = bootstrap_token::generate(host);
            Ok(vec![("token", format!("{id}.{secret}"))])
        }
        name => {
            let cluster = fields::text(object, "cluster_name").unwrap_or_default();
            authority::generate(host, authority_name(name, cluster), object)
                .map_err(|why| ProviderError::rejected("Failed to make authority", why.to_string()))
        }
    }
}

/// The name of one of the authorities.
fn authority_name(name: &str, cluster: &str) -> DistinguishedName {
    DistinguishedName { organizations: vec![cluster.to_owned()], ..DistinguishedName::common(name) }
}

/// Why the administrator's certificate is issued anew.
fn admin_reasons(prior: &Value, proposed: &Value, rings: &[Ring<'_>]) -> Vec<String> {
    let mut reasons: Vec<String> = leaf::renewal_reason(ADMIN, prior).into_iter().collect();
    let before = Steps::of(&attribute(prior, "authorities")).unwrap_or(Steps::FIRST);
    let now = rings.first().map_or(Steps::FIRST, |ring| ring.steps);
    if before.primary != now.primary {
        reasons.push(format!("its authority was promoted to generation {}", now.primary));
    }
    for (name, why) in [
        ("admin_validity_hours", "its validity changes"),
        ("algorithm", "the algorithm of its key changes"),
    ] {
        if attribute(prior, name) != attribute(proposed, name) {
            reasons.push(why.to_owned());
        }
    }
    reasons
}

fn window(object: &Value) -> RenewalWindow {
    arguments::hours(object, "admin_renew_before_hours")
        .map_or(RenewalWindow::LastThird, RenewalWindow::Before)
}

/// When the administrator's certificate is due, by another window perhaps: that is no reason for another certificate.
fn admin_due(object: &Value, material: &Material, rings: &[Ring<'_>]) -> (String, Value) {
    let ring = rings.first().map(|ring| ring.steps.primary);
    let authority = ring.and_then(|primary| material.part(AUTHORITIES[0], primary, "cert"));
    let authority = authority.and_then(|pem| Certificate::from_pem(pem).ok());
    let authority_ends = authority.map(|it| it.not_after());
    let known = fields::all_known(object, &["admin_renew_before_hours"]);
    let certificate = fields::text(object, "admin_certificate_pem").map(Certificate::from_pem);
    let at = certificate.and_then(Result::ok).filter(|_| known);
    let at = at.map(|it| leaf::renewal_time(&it, window(object), authority_ends));
    (format!("{ADMIN}renew_at"), fields::text_or_unknown(at))
}

fn issue_admin(
    host: &dyn Host,
    planned: &Value,
    material: &Material,
    primary: i64,
    reason: &str,
) -> Result<Value, ProviderError> {
    let part = |part| material.part(AUTHORITIES[0], primary, part).unwrap_or_default();
    let name = ADMIN_NAME;
    let life = arguments::hours(planned, "admin_validity_hours");
    let request = LeafRequest::client(name, leaf::validity(host, name, life));
    let request = LeafRequest { organizations: vec![ADMIN_GROUP.to_owned()], ..request };
    let issued = arguments::algorithm(planned).and_then(|algorithm| {
        let wanted = Wanted { request, algorithm, window: window(planned) };
        leaf::issue(host, &wanted, (part("cert"), part("key")), None)
    });
    let issued = issued.map_err(|why| {
        ProviderError::rejected("Failed to issue the administrator's certificate", why.to_string())
    })?;
    Ok(with_attributes(planned, leaf::results(ADMIN, &issued, reason)))
}

fn carry_out(
    host: &dyn Host,
    prior: Option<&Value>,
    planned: &Value,
) -> Result<Value, ProviderError> {
    // What was not known when it was planned.
    fields::refuse(PkiKubernetes.validate(planned))?;
    check_rotations(prior, planned)?;
    let rings = rings(planned).unwrap_or_default();
    let material = prior.map(Material::of).unwrap_or_default().kept(&rings);
    let material = material.complete(&rings, |ring, _| make_part(host, planned, ring))?;
    let primary = rings.first().map_or(1, |ring| ring.steps.primary);
    let mut object = planned.clone();
    if leaf::is_to_be_issued(ADMIN, planned) {
        let reason = fields::text(planned, "admin_reissue_reason").unwrap_or(leaf::FIRST);
        object = issue_admin(host, planned, &material, primary, reason)?;
    } else {
        object = with_attributes(&object, [admin_due(&object, &material, &rings)]);
    }
    Ok(kubernetes_tree::shown(&object, &rings, &material))
}

impl StateOnly for PkiKubernetes {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems: Vec<AttributeError> = [
            arguments::validate_certifiable(config),
            arguments::validate_hours(config, "validity_hours"),
            arguments::validate_hours(config, "admin_validity_hours"),
            arguments::validate_hours(config, "admin_renew_before_hours"),
        ]
        .into_iter()
        .flatten()
        .collect();
        problems.extend(arguments::validate_window(
            config,
            "admin_validity_hours",
            "admin_renew_before_hours",
            || Some(told::usual_hours(ADMIN_NAME)),
        ));
        for (block, _) in BLOCKS {
            let value = attribute(config, block);
            problems.extend(generations::validate(&value, Some(block)));
        }
        if fields::text(config, "algorithm").is_some_and(|it| it.eq_ignore_ascii_case("ED25519")) {
            let why = "Kubernetes signs service account tokens with RSA or ECDSA only.";
            problems.push(bad("algorithm", "Not for Kubernetes", why));
        }
        if fields::text(config, "cluster_name").is_some_and(|it| it.is_empty() || it.len() > 64) {
            let path = Path::attribute("cluster_name");
            let why = "A cluster's name has 1 to 64 characters.";
            problems.push(AttributeError::new(path, "Invalid name", why));
        }
        if fields::text(config, "endpoint").is_some_and(|it| !it.starts_with("https://")) {
            problems.push(bad(
                "endpoint",
                "Invalid endpoint",
                "The endpoint is https://NAME[:PORT].",
            ));
        }
        problems
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let proposed = request.proposed;
        let Some(rings) = rings(proposed) else {
            let schema = schema().schema.block;
            let unknown = schema.attributes.into_iter().filter(|(_, it)| it.computed);
            let unknown = unknown.map(|(name, it)| (name, Value::unknown(it.ty)));
            return Ok(with_attributes(proposed, unknown).into());
        };
        check_rotations(request.prior, proposed)?;
        let material = request.prior.map(Material::of).unwrap_or_default().kept(&rings);
        let reasons = match request.prior {
            None => vec![leaf::FIRST.to_owned()],
            Some(prior) => admin_reasons(prior, proposed, &rings),
        };
        let mut value = proposed.clone();
        if !reasons.is_empty() {
            // What is not known yet may turn out to be no reason.
            let known = fields::all_known(proposed, &["admin_validity_hours", "algorithm"]);
            let reason = fields::text_or_unknown(
                (known || request.prior.is_none()).then(|| reasons.join("; ")),
            );
            value = with_attributes(&value, leaf::planned(ADMIN, reason, None));
        } else {
            value = with_attributes(&value, [admin_due(&value, &material, &rings)]);
        }
        Ok(kubernetes_tree::shown(&value, &rings, &material).into())
    }

    fn read(&self, host: &dyn Host, prior: &Value) -> Value {
        leaf::read(ADMIN, host, prior)
    }

    fn renewal_requested(&self, prior: &Value) -> Option<Value> {
        Some(leaf::requested(ADMIN, prior))
    }

    fn certificates(&self, change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
        let held = |object| Some((rings(object)?, Material::of(object)));
        let (before, after) = (change.before.and_then(held), held(change.after));
        let cluster = fields::text(change.after, "cluster_name");
        let authorities = AUTHORITIES.iter().flat_map(|name| {
            let subject = cluster.map(|cluster| authority_name(name, cluster).to_string());
            let (before, after) = (ring_of(before.as_ref(), name), ring_of(after.as_ref(), name));
            told::generations(change, subject, before, after)
        });
        let kubernetes = |held| ring_of(held, AUTHORITIES[0]);
        let primary = kubernetes(after.as_ref()).map(|(ring, _)| ring.steps.primary);
        let ends = primary.zip(kubernetes(before.as_ref()));
        let hours = match attribute(change.after, "admin_validity_hours") {
            given if given.is_null() => Some(told::usual_hours(ADMIN_NAME)),
            _ => fields::number(change.after, "admin_validity_hours"),
        };
        let administrator = Leaf {
            prefix: ADMIN,
            part: "administrator",
            subject: Some(format!("CN={ADMIN_NAME},O={ADMIN_GROUP}")),
            issuer: primary.map(|primary| format!("{}, generation {primary}", AUTHORITIES[0])),
            authority_ends: ends.and_then(|(primary, (ring, material))| {
                authority::expires(&ring, material, primary)
            }),
            validity_hours: hours,
        };
        authorities.chain([administrator.told(change)]).collect()
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        carry_out(host, None, planned)
    }

    fn update(
        &self,
        host: &dyn Host,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, ProviderError> {
        carry_out(host, Some(prior), planned)
    }
}
