//! What plans tell of certificates, and what they refuse because certificates are in use.

use kprov_core::{InstanceAddr, Value};
use kprov_provider::{
    CertificateChange, CertificateFate, PlannedCertificate, PlannedInstance, Provider, attribute,
};

use super::world::{World, authority, leaf, object, plan, rotation, steps, with};
use crate::Pki;

const AT: &str = "2024-01-01T00:00:00Z";

fn told(ty: &str, before: Option<&Value>, config: &Value) -> Vec<PlannedCertificate> {
    let after = plan(ty, before, config).expect("a plan").value;
    let change = CertificateChange { before, after: &after, replaced: false, forced: &[], at: AT };
    Pki.resource(ty).expect("a type").certificates(&change)
}

/// `PART FATE REASON`
fn lines(told: &[PlannedCertificate]) -> Vec<String> {
    let line = |it: &PlannedCertificate| {
        let reason = it.reason.as_deref().unwrap_or("-");
        format!("{} {} {reason}", it.part, it.fate.word()).trim_start().to_owned()
    };
    told.iter().map(line).collect()
}

#[test]
fn each_step_of_a_rotation_is_told_of_each_generation() {
    let base = authority();
    let first = told("pki_authority", None, &object(&base));
    assert_eq!(lines(&first), ["generation 1 issue first issued"]);
    assert_eq!(first[0].validity_hours, Some(24 * 3652));
    assert_eq!(first[0].subject.as_deref(), Some("CN=demo,O=Example"));
    assert_eq!((first[0].not_after.as_ref(), first[0].authority), (None, true));
    let mut ca = World::new("pki_authority", &object(&base));
    let mut next = |numbers: (i64, i64, i64), expected: &[&str]| {
        let config = with(&base, &steps(numbers.0, numbers.1, numbers.2));
        assert_eq!(lines(&told("pki_authority", Some(&ca.object), &config)), expected);
        ca.apply(&config).expect("applied");
    };
    let staged =
        "generation 2 issue generation 2 is staged: trusted from now on, signs nothing yet";
    next((2, 1, 1), &["generation 1 keep -", staged]);
    next(
        (2, 2, 1),
        &[
            "generation 1 move it signs no longer, and is trusted until it is distrusted",
            "generation 2 move promoted: it signs from now on",
        ],
    );
    next(
        (2, 2, 2),
        &[
            "generation 1 move distrusted: it leaves the bundle, and its private key is dropped",
            "generation 2 keep -",
        ],
    );
    next(
        (3, 2, 2),
        &[
            "generation 2 keep -",
            "generation 3 issue generation 3 is staged: trusted from now on, signs nothing yet",
        ],
    );
    next((2, 2, 2), &["generation 2 keep -", "generation 3 withdraw it is withdrawn"]);
}

#[test]
fn a_leaf_is_told_with_its_issuer_its_end_and_why() {
    let ca = World::new("pki_authority", &object(&authority()));
    let hours = ("validity_hours", Value::int(24 * 90));
    let config = with(&leaf(&ca), &[hours]);
    let first = told("pki_certificate", None, &config);
    let [first] = first.as_slice() else { panic!("one") };
    assert_eq!(first.fate, CertificateFate::Issued);
    assert_eq!(first.issuer.as_deref(), Some("CN=demo,O=Example, generation 1"));
    assert_eq!((first.validity_hours, first.not_after.as_ref()), (Some(24 * 90), None));
    let mut client = World::new("pki_certificate", &config);
    let kept = told("pki_certificate", Some(&client.object), &config);
    assert_eq!(lines(&kept), ["keep -"]);
    assert_eq!(kept[0].not_after.as_deref(), Some("2024-03-31T00:00:00Z"));
    assert_eq!(kept[0].renew_at.as_deref(), Some("2024-02-29T23:58:20Z"));
    assert_eq!(kept[0].validity_hours, None);
    client.day = 80;
    client.refresh();
    let due = told("pki_certificate", Some(&client.object), &config);
    let says = "reissue it expires 2024-03-31T00:00:00Z, and its renewal window began 2024-02-29T23:58:20Z";
    assert_eq!(lines(&due), [says]);
    // Of what is not known yet nothing is said that may turn out otherwise.
    let unknown = Value::unknown(kprov_core::Type::String);
    let open = with(&leaf(&ca), &[("ca_certificate_pem", unknown)]);
    let open = told("pki_certificate", Some(&client.object), &open);
    assert_eq!((open[0].issuer.as_deref(), open[0].reason.as_ref()), (Some("generation 1"), None));
}

#[test]
fn one_that_ends_with_its_authority_says_so() {
    let short = with(&authority(), &[("validity_hours", Value::int(48))]);
    let ca = World::new("pki_authority", &short);
    let config = object(&leaf(&ca));
    let first = told("pki_certificate", None, &config);
    assert_eq!(first[0].validity_hours, Some(48), "its authority's end is known");
    let client = World::new("pki_certificate", &config);
    let kept = told("pki_certificate", Some(&client.object), &config);
    assert!(lines(&kept)[0].contains("it ends with its authority"), "{kept:?}");
}

#[test]
fn all_of_a_cluster_are_told() {
    let base = [("cluster_name", "demo".into())];
    let first = told("pki_kubernetes", None, &object(&base));
    let parts: Vec<&str> = first.iter().map(|it| it.part.as_str()).collect();
    let expected = [
        "kubernetes-ca generation 1",
        "etcd-ca generation 1",
        "front-proxy-ca generation 1",
        "administrator",
    ];
    assert_eq!(parts, expected);
    assert_eq!(first[1].subject.as_deref(), Some("CN=etcd-ca,O=demo"));
    assert_eq!(first[3].issuer.as_deref(), Some("kubernetes-ca, generation 1"));
    let mut pki = World::new("pki_kubernetes", &object(&base));
    pki.apply(&with(&base, &[rotation("authorities", 2, 1, 1)])).expect("staged");
    let promoted = with(&base, &[rotation("authorities", 2, 2, 1)]);
    let told = told("pki_kubernetes", Some(&pki.object), &promoted);
    assert_eq!(told.len(), 7);
    let last = lines(&told).pop().expect("the administrator's");
    assert_eq!(last, "administrator reissue its authority was promoted to generation 2");
}

/// What check_plan says of objects before and after.
fn refused(objects: &[(&str, &World, &Value)]) -> Vec<(usize, String, String)> {
    let addresses: Vec<InstanceAddr> =
        objects.iter().map(|(ty, ..)| format!("{ty}.it").parse().expect("an address")).collect();
    let planned: Vec<PlannedInstance<'_>> = objects
        .iter()
        .zip(&addresses)
        .map(|((ty, world, value), addr)| PlannedInstance {
            ty,
            addr,
            value,
            before: Some(&world.object),
            is_new: false,
            sources: Vec::new(),
        })
        .collect();
    let found = Pki.check_plan(&planned).into_iter();
    found.map(|(index, error)| (index, error.path.to_string(), error.message)).collect()
}

#[test]
fn a_generation_with_certificates_in_use_is_not_distrusted() {
    let base = authority();
    let mut ca = World::new("pki_authority", &object(&base));
    let mut client = World::new("pki_certificate", &object(&leaf(&ca)));
    ca.apply(&with(&base, &steps(2, 1, 1))).expect("staged");
    // The apply that promotes was of a selection: the leaf is still of the first.
    ca.apply(&with(&base, &steps(2, 2, 1))).expect("promoted");
    let distrusted = ca.plan(&with(&base, &steps(2, 2, 2))).expect("a plan").value;
    let reissued = with(&leaf(&ca), &[]);
    let reissued = client.plan(&reissued).expect("a plan").value;
    let objects = [("pki_authority", &ca, &distrusted), ("pki_certificate", &client, &reissued)];
    let found = refused(&objects);
    let [(0, path, why)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(path, ".trusted_from");
    assert!(why.contains("pki_certificate.it, valid until 2025-"), "{why}");
    assert!(why.contains("First apply with generation 1 still trusted and primary = 2"), "{why}");
    // Once it is of the second, the first may go.
    client.apply(&object(&leaf(&ca))).expect("issued anew");
    let kept = client.object.clone();
    let objects = [("pki_authority", &ca, &distrusted), ("pki_certificate", &client, &kept)];
    assert_eq!(refused(&objects), []);
}

#[test]
fn a_cluster_keeps_what_its_clients_are_of() {
    let base = [("cluster_name", "demo".into())];
    let mut pki = World::new("pki_kubernetes", &object(&base));
    let mut config = leaf(&World::new("pki_authority", &object(&authority())));
    config.retain(|(name, _)| !name.starts_with("ca_"));
    for (name, of) in
        [("ca_certificate_pem", "ca_certificate_pem"), ("ca_private_key_pem", "ca_private_key_pem")]
    {
        config.push((name, attribute(&pki.object, of)));
    }
    let client = World::new("pki_certificate", &object(&config));
    for steps in [(2, 1, 1), (2, 2, 1)] {
        let block = rotation("authorities", steps.0, steps.1, steps.2);
        pki.apply(&with(&base, &[block])).expect("a step");
    }
    let distrusted = with(&base, &[rotation("authorities", 2, 2, 2)]);
    let distrusted = pki.plan(&distrusted).expect("a plan").value;
    let found = refused(&[
        ("pki_kubernetes", &pki, &distrusted),
        ("pki_certificate", &client, &client.object),
    ]);
    let [(0, path, _)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(path, ".authorities.trusted_from");
}
