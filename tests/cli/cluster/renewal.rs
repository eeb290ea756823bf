//! Certificates of masters that are about to expire are issued anew by the masters themselves, and no client's request fails.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use kprov_pki::{Authority, Certificate, LeafRequest, PrivateKey, Usage};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::laptop::{Laptop, Machine};

/// So long the leaves that are about to expire are valid yet. As much as a master needs to see it, and less than a third of the
/// life of a leaf that is as old as its authority.
const LEFT: SignedDuration = SignedDuration::from_secs(110);

pub(super) fn what_is_about_to_expire_is_renewed_and_no_request_fails(laptop: &Laptop) {
    let clients = laptop.clients();
    for master in laptop.masters() {
        let aged = age(&master.directory);
        assert_eq!(aged, 11, "leaves of {}", master.id);
    }
    let aged = Timestamp::now();
    let year = SignedDuration::from_hours(24 * 365);
    laptop.until("masters have certificates for another year", || {
        laptop.masters().iter().all(|master| master.is_ready() && first_end(master) > aged + year)
    });
    // What was valid beside them is over, and nobody minds.
    laptop.until("the old ones have expired", || Timestamp::now() > aged + LEFT);
    laptop.none_failed("a renewal", &clients.end());
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
        let usages = [Usage::Server, Usage::Client].into_iter();
        let request = LeafRequest {
            common_name: leaf.subject().common_name.clone().unwrap_or_default(),
            organizations: leaf.subject().organizations.clone(),
            dns_names: leaf.names().iter().map(ToString::to_string).collect(),
            ip_addresses: Vec::new(),
            usages: usages.filter(|it| leaf.extended_usages().contains(&it.extended())).collect(),
            not_before: authority.certificate().not_before(),
            not_after: Timestamp::now() + LEFT,
        };
        let mut random = ChaCha20Rng::seed_from_u64(count as u64);
        let aged = authority.issue(&request, &key.public_key(), &mut random).expect("a leaf");
        let beside = directory.join(".aged");
        std::fs::write(&beside, aged.to_pem()).expect("a file");
        std::fs::rename(&beside, &path).expect("renamed");
        count += 1;
    }
    count
}
