//! Certificates that are about to expire are renewed, and no client's request fails: those of masters by the masters themselves, the
//! administrator's, which kprov and the clients come with, by the next apply.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use kprov_pki::{Authority, Certificate, LeafRequest, PrivateKey, Usage};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use serde_json::Value as Json;

use super::clients::Access;
use super::laptop::{Laptop, Machine};

/// So long the leaves that are about to expire are valid yet. As much as a master needs to see it, and less than a third of the
/// life of a leaf that is as old as its authority.
const LEFT: SignedDuration = SignedDuration::from_secs(110);

/// The administrator's: as long as two plans and an apply take.
const LEFT_TO_ADMINISTRATOR: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn what_is_about_to_expire_is_renewed_and_no_request_fails(laptop: &Laptop) {
    let clients = laptop.clients();
    for master in laptop.masters() {
        let aged = age(&master.directory);
        assert_eq!(aged, 11, "leaves of {}", master.id);
    }
    let aged = Timestamp::now();
    let due = age_administrator(laptop);
    laptop.reread();
    let about_to_expire = laptop.kubeconfig();
    clients.take(Access::new(&about_to_expire));
    laptop.until("its renewal window has begun", || Timestamp::now() > due);
    let planned = laptop.kprov("plan -airplane");
    assert!(planned.contains("kubernetes-admin") && planned.contains("window began"), "{planned}");
    laptop.kprov("apply -airplane -auto-approve");
    laptop.reread();
    let renewed = laptop.kubeconfig();
    clients.take(Access::new(&renewed));
    let planned = laptop.kprov("plan -airplane -detailed-exitcode");
    assert!(planned.contains("No changes."), "{planned}");
    let year = SignedDuration::from_hours(24 * 365);
    laptop.until("masters have certificates for another year", || {
        laptop.masters().iter().all(|master| master.is_ready() && first_end(master) > aged + year)
    });
    // What was valid beside them is over, and nobody minds.
    laptop.until("the old ones have expired", || Timestamp::now() > aged + LEFT);
    laptop.none_failed("a renewal", &clients.end());
    let over = Access::new(&about_to_expire).status("/api/v1/namespaces");
    assert!(over.as_ref().map_or(true, |status| *status == 401), "{over:?}");
    assert_eq!(Access::new(&renewed).status("/api/v1/namespaces").expect("an answer"), 200);
}

/// Puts an administrator's certificate that is about to expire into the state, as if most of its life were over. When it is due: a
/// third of its life before its end.
fn age_administrator(laptop: &Laptop) -> Timestamp {
    let text = laptop.kprov("state pull");
    let state: Json = serde_json::from_str(&text).expect("a state");
    let resources = state["resources"].as_array().expect("resources").iter();
    let pki = resources.filter(|it| it["type"] == "pki_kubernetes").collect::<Vec<_>>();
    let [pki] = pki.as_slice() else { panic!("not one PKI: {}", pki.len()) };
    let attributes = &pki["instances"][0]["attributes"];
    let of = |name: &str| attributes[name].as_str().expect("an attribute").to_owned();
    let tree = |path: &str| attributes["tree"][path].as_str().expect("a file of the tree");
    let authority =
        Authority::from_pem(tree("kubernetes-ca/cert.pem"), tree("kubernetes-ca/key.pem"));
    let old = of("admin_certificate_pem");
    let key = PrivateKey::from_pem(&of("admin_private_key_pem")).expect("a key");
    let leaf = Certificate::from_pem(&old).expect("a leaf");
    let new = again(&leaf, &key, &authority.expect("an authority"), LEFT_TO_ADMINISTRATOR, 0);
    let life = new.not_after().duration_since(new.not_before());
    let due = new.not_after() - life / 3;
    let second =
        |at: Timestamp| Timestamp::from_second(at.as_second()).expect("a time").to_string();
    let told =
        [(of("admin_renew_at"), second(due)), (of("admin_expires_at"), second(new.not_after()))];
    let new = new.to_pem();
    let quoted =
        |text: &str| serde_json::to_string(text).expect("JSON").trim_matches('"').to_owned();
    let serial = state["serial"].as_u64().expect("a serial");
    let text = text
        .replace(&quoted(&old), &quoted(&new))
        .replace(&STANDARD.encode(&old), &STANDARD.encode(&new))
        .replacen(&format!("\"serial\": {serial}"), &format!("\"serial\": {}", serial + 1), 1);
    let text = told.iter().fold(text, |text, (old, new)| text.replace(old, new));
    assert!(text.contains(&STANDARD.encode(&new)), "no kubeconfig has it");
    laptop.place.write("aged.tfstate", text);
    laptop.kprov("state push aged.tfstate");
    std::fs::remove_file(laptop.place.path("aged.tfstate")).expect("a file with secrets");
    due
}

/// When the first of its leaves ends.
fn first_end(master: &Machine) -> Timestamp {
    let all = master.status["certificates"].as_array().expect("certificates").iter();
    let ends = all.map(|it| it["until"].as_str().and_then(|it| it.parse().ok()).expect("a time"));
    ends.min().expect("a certificate")
}

/// Puts leaves that are about to expire in the place of a machine's: the same in all else, of the same authorities and keys. How
/// many there were.
fn age(node: &Path) -> usize {
    let read = |path: &Path| std::fs::read_to_string(path).expect("a file of the node");
    let authorities = ["kubernetes-ca", "etcd-ca", "front-proxy-ca"].map(|name| {
        let text = |file: &str| read(&node.join("tree").join(name).join(file));
        Authority::from_pem(&text("cert.pem"), &text("key.pem")).expect("an authority")
    });
    let directory = node.join("certificates");
    let mut count = 0;
    for entry in std::fs::read_dir(&directory).expect("certificates").flatten() {
        let path = entry.path();
        let Some(name) = path.file_stem().and_then(|it| it.to_str()) else { continue };
        let key = directory.join(format!("{name}-key.pem"));
        if !key.exists() {
            continue;
        }
        let leaf = Certificate::from_pem(&read(&path)).expect("a leaf");
        let key = PrivateKey::from_pem(&read(&key)).expect("a key");
        let of = |it: &&Authority| leaf.signed_by(it.certificate()).is_ok();
        let authority = authorities.iter().find(of).expect("one of ours");
        let aged = again(&leaf, &key, authority, LEFT, count as u64);
        let beside = directory.join(".aged");
        std::fs::write(&beside, aged.to_pem()).expect("a file");
        std::fs::rename(&beside, &path).expect("renamed");
        count += 1;
    }
    count
}

/// The same leaf, about to expire.
fn again(
    leaf: &Certificate,
    key: &PrivateKey,
    authority: &Authority,
    left: SignedDuration,
    seed: u64,
) -> Certificate {
    let usages = [Usage::Server, Usage::Client].into_iter();
    let request = LeafRequest {
        common_name: leaf.subject().common_name.clone().unwrap_or_default(),
        organizations: leaf.subject().organizations.clone(),
        dns_names: leaf.names().iter().map(ToString::to_string).collect(),
        ip_addresses: Vec::new(),
        usages: usages.filter(|it| leaf.extended_usages().contains(&it.extended())).collect(),
        not_before: authority.certificate().not_before(),
        not_after: Timestamp::now() + left,
    };
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    authority.issue(&request, &key.public_key(), &mut random).expect("a leaf")
}
