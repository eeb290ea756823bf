//! Rotations: three applies, and at no time is anybody without what they need.

use kprov_core::Value;
use kprov_pki::{Bundle, Certificate, PrivateKey};
use kprov_provider::attribute;

use super::world::{World, authority, leaf, object, plan, problems, rotation, steps, text, with};

fn states(object: &Value) -> Vec<String> {
    let all = attribute(object, "generations");
    let all = all.as_items().expect("a list");
    all.iter().map(|it| text(it, "state")).collect()
}

#[test]
fn an_authority_is_staged_promoted_and_distrusted_and_leaves_follow() {
    let base = authority();
    let mut ca = World::new("pki_authority", &object(&base));
    let first = ca.text("certificate_pem");
    let mut client = World::new("pki_certificate", &object(&leaf(&ca)));
    let now = kprov_pki::Timestamp::from_second(1_704_067_200).expect("a time");
    let old_leaf = Certificate::from_pem(&client.text("certificate_pem")).expect("readable");

    // Stage: the plan says that the bundle changes, and that what signs does not.
    let planned = ca.plan(&with(&base, &steps(2, 1, 1))).expect("a plan").value;
    assert_eq!(text(&planned, "certificate_pem"), first);
    assert!(!attribute(&planned, "bundle_pem").is_known());
    assert!(text(&planned, "rotation").contains("generation 2 is staged"));
    assert_eq!(states(&planned), ["primary", "next"]);
    ca.apply(&with(&base, &steps(2, 1, 1))).expect("staged");
    let bundle = Bundle::from_pem(&ca.text("bundle_pem")).expect("readable");
    assert_eq!(bundle.certificates().len(), 2);
    assert_eq!(bundle.certificates()[0].to_pem(), first, "the primary is the first");
    let staged = ca.text("bundle_pem");
    let unchanged = client.plan(&object(&leaf_of(&ca, 1))).expect("a plan").value;
    assert_eq!(unchanged, client.object, "staging issues nothing anew");

    // Promote: all of it is known in the plan; leaves are issued anew, and say why.
    let planned = ca.plan(&with(&base, &steps(2, 2, 1))).expect("a plan").value;
    assert!(planned.is_wholly_known(), "a promotion makes nothing");
    ca.apply(&with(&base, &steps(2, 2, 1))).expect("promoted");
    assert_ne!(ca.text("certificate_pem"), first);
    let planned = client.plan(&object(&leaf_of(&ca, 2))).expect("a plan").value;
    assert_eq!(text(&planned, "reissue_reason"), "its authority was promoted to generation 2");
    client.apply(&object(&leaf_of(&ca, 2))).expect("issued anew");
    let new_leaf = Certificate::from_pem(&client.text("certificate_pem")).expect("readable");
    // Who has the bundle of the stage already trusts both.
    let staged = Bundle::from_pem(&staged).expect("readable");
    staged.verify(&old_leaf, now).expect("trusted");
    staged.verify(&new_leaf, now).expect("trusted");

    // Distrust: the old key is gone, its record stays.
    ca.apply(&with(&base, &steps(2, 2, 2))).expect("distrusted");
    assert_eq!(states(&ca.object), ["distrusted", "primary"]);
    let bundle = Bundle::from_pem(&ca.text("bundle_pem")).expect("readable");
    bundle.verify(&new_leaf, now).expect("trusted");
    bundle.verify(&old_leaf, now).expect_err("distrusted");
    let names = |attribute_name: &str| -> Vec<String> {
        let material = attribute(&ca.object, attribute_name);
        material.as_entries().expect("a map").keys().map(ToString::to_string).collect()
    };
    assert_eq!(names("public_material"), ["/1/cert", "/2/cert"]);
    assert_eq!(names("material"), ["/2/key"]);
}

fn leaf_of(ca: &World, generation: i64) -> Vec<(&'static str, Value)> {
    let mut config = leaf(ca);
    config.retain(|(name, _)| *name != "ca_generation");
    config.push(("ca_generation", Value::int(generation)));
    config
}

#[test]
fn unsafe_steps_are_refused_in_the_plan_with_the_way_to_go() {
    let base = authority();
    let mut ca = World::new("pki_authority", &object(&base));
    let refused = ca.plan(&with(&base, &steps(2, 2, 1))).expect_err("not staged");
    assert!(refused.message.contains("First apply generation = 2 with primary = 1"), "{refused}");
    ca.apply(&with(&base, &steps(2, 1, 1))).expect("staged");
    let refused = ca.plan(&with(&base, &steps(2, 2, 2))).expect_err("leaves are in use");
    assert!(refused.message.contains("First apply primary = 2 (promote)"), "{refused}");
    ca.apply(&with(&base, &steps(2, 2, 1))).expect("promoted");
    // Back: what is still trusted may sign again.
    ca.apply(&with(&base, &steps(2, 1, 1))).expect("rolled back");
    ca.apply(&object(&base)).expect("withdrawn");
    assert_eq!(states(&ca.object), ["primary"]);
}

#[test]
fn a_service_account_key_verifies_before_it_signs() {
    let mut pair = World::new("pki_keypair", &object(&[]));
    let first = pair.text("signing_key_pem");
    pair.apply(&object(&steps(2, 1, 1))).expect("staged");
    assert_eq!(pair.text("signing_key_pem"), first);
    let verify = pair.text("verify_keys_pem");
    assert_eq!(verify.matches("BEGIN PUBLIC KEY").count(), 2);
    pair.apply(&object(&steps(2, 2, 1))).expect("promoted");
    assert_eq!(pair.text("verify_keys_pem"), verify, "nothing changes for those who verify");
    let key = PrivateKey::from_pem(&pair.text("signing_key_pem")).expect("readable");
    assert!(verify.starts_with(&key.public_key().to_pem()), "newest first");
    pair.apply(&object(&steps(2, 2, 2))).expect("distrusted");
    assert_eq!(pair.text("verify_keys_pem"), key.public_key().to_pem());
}

#[test]
fn an_encryption_key_is_read_before_it_writes() {
    let mut config = World::new("pki_encryption_config", &object(&[]));
    let names = |text: &str| -> Vec<String> {
        let names = text.lines().filter_map(|line| line.trim().strip_prefix("- name: "));
        names.map(str::to_owned).collect()
    };
    config.apply(&object(&steps(2, 1, 1))).expect("staged");
    assert_eq!(names(&config.text("content")), ["key1", "key2"]);
    config.apply(&object(&steps(2, 2, 1))).expect("promoted");
    assert_eq!(names(&config.text("content")), ["key2", "key1"]);
    config.apply(&object(&steps(2, 2, 2))).expect("distrusted");
    assert_eq!(names(&config.text("content")), ["key2"]);
    assert!(config.text("content").ends_with("      - identity: {}\n"));
}

#[test]
fn the_tree_of_a_cluster_is_that_of_the_contract() {
    let base = [("cluster_name", "demo".into())];
    let mut pki = World::new("pki_kubernetes", &object(&base));
    let tree = attribute(&pki.object, "tree");
    let tree = tree.as_entries().expect("a map");
    let paths: Vec<&str> = tree.keys().map(|path| path.as_str()).collect();
    let expected = [
        "bootstrap/token",
        "encryption/config.yaml",
        "etcd-ca/bundle.pem",
        "etcd-ca/cert.pem",
        "etcd-ca/key.pem",
        "front-proxy-ca/bundle.pem",
        "front-proxy-ca/cert.pem",
        "front-proxy-ca/key.pem",
        "kubernetes-ca/bundle.pem",
        "kubernetes-ca/cert.pem",
        "kubernetes-ca/key.pem",
        "service-account/key.pem",
        "service-account/keys.pub",
    ];
    assert_eq!(paths, expected);
    let strings = |name: &str| -> Vec<String> {
        let list = attribute(&pki.object, name);
        list.as_items()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let masters = strings("master_paths");
    for (path, text) in tree.iter() {
        let text = text.as_str().expect("a text");
        let secret = text.contains("PRIVATE KEY") || text.contains("secret:");
        assert_eq!(masters.iter().any(|it| it == path.as_str()), secret, "{path}");
    }
    assert_eq!(strings("worker_paths"), ["bootstrap/token"]);
    assert_eq!(masters.len() + strings("public_paths").len() + 1, tree.len());
    // Each of the authorities is one of its own.
    let admin = Certificate::from_pem(&pki.text("admin_certificate_pem")).expect("readable");
    assert_eq!(admin.subject().to_string(), "CN=kubernetes-admin,O=system:masters");
    let authority = |name: &str| {
        let pem = tree.get(&format!("{name}/cert.pem")).and_then(Value::as_str).expect("a text");
        Certificate::from_pem(pem).expect("readable")
    };
    admin.signed_by(&authority("kubernetes-ca")).expect("ours");
    admin.signed_by(&authority("etcd-ca")).expect_err("another");
    // Stage: signing keys stay; the bundle has both.
    let staged = with(&base, &[rotation("authorities", 2, 1, 1)]);
    let before = pki.text("admin_certificate_pem");
    pki.apply(&staged).expect("staged");
    assert_eq!(pki.text("ca_bundle_pem").matches("BEGIN CERTIFICATE").count(), 2);
    assert_eq!(pki.text("admin_certificate_pem"), before);
    let promoted = with(&base, &[rotation("authorities", 2, 2, 1)]);
    let planned = pki.plan(&promoted).expect("a plan").value;
    assert_eq!(
        text(&planned, "admin_reissue_reason"),
        "its authority was promoted to generation 2"
    );
    assert!(attribute(&planned, "tree").is_wholly_known());
    pki.apply(&promoted).expect("promoted");
    assert_ne!(pki.text("admin_certificate_pem"), before);
}

#[test]
fn what_nodes_tell_of_their_tree_can_be_told_from_here_and_changes_with_it() {
    let base = [("cluster_name", "demo".into())];
    let mut pki = World::new("pki_kubernetes", &object(&base));
    let hashes = |pki: &World| ["master_tree_hash", "worker_tree_hash"].map(|name| pki.text(name));
    let first = hashes(&pki);
    let tree = attribute(&pki.object, "tree");
    let tree = tree.as_entries().expect("a map");
    let read = |path: &str| tree.get(path).and_then(Value::as_str);
    assert_eq!(kprov_pki::tree_hash(&kprov_pki::MASTER_PATHS, read).as_ref(), Some(&first[0]));
    assert_eq!(kprov_pki::tree_hash(&kprov_pki::WORKER_PATHS, read).as_ref(), Some(&first[1]));
    let staged = with(&base, &[rotation("authorities", 2, 1, 1)]);
    let planned = pki.plan(&staged).expect("a plan").value;
    assert!(!attribute(&planned, "worker_tree_hash").is_known());
    pki.apply(&staged).expect("staged");
    let second = hashes(&pki);
    assert!(first[0] != second[0] && first[1] != second[1], "{first:?} {second:?}");
}

#[test]
fn the_administrators_certificate_is_due_when_it_is_said_and_another_window_issues_none() {
    let base = [("cluster_name", "demo".into()), ("admin_validity_hours", Value::int(24 * 90))];
    let mut pki = World::new("pki_kubernetes", &object(&base));
    let first = pki.text("admin_certificate_pem");
    let month = with(&base, &[("admin_renew_before_hours", Value::int(24 * 30))]);
    pki.apply(&month).expect("applied");
    assert_eq!(pki.text("admin_certificate_pem"), first);
    assert!(pki.text("admin_renew_at").starts_with("2024-03-01"), "{}", pki.text("admin_renew_at"));
    pki.day = 59;
    assert_eq!(pki.plan(&month).expect("a plan").value, pki.object);
    pki.day = 61;
    let planned = pki.plan(&month).expect("a plan").value;
    let why = text(&planned, "admin_reissue_reason");
    assert!(why.contains("its renewal window began 2024-03-01"), "{why}");
    pki.apply(&month).expect("applied");
    assert_ne!(pki.text("admin_certificate_pem"), first);
    let always = with(&base, &[("admin_renew_before_hours", Value::int(24 * 90))]);
    assert_eq!(problems("pki_kubernetes", &always)[0].0, ".admin_renew_before_hours");
}

#[test]
fn an_endpoint_that_is_not_known_yet_leaves_all_else_known() {
    let base = [("cluster_name", "demo".into())];
    let pki = World::new("pki_kubernetes", &object(&base));
    let unknown = ("endpoint", Value::unknown(kprov_core::Type::String));
    let planned = plan("pki_kubernetes", Some(&pki.object), &with(&base, &[unknown]));
    let planned = planned.expect("a plan").value;
    assert!(!attribute(&planned, "admin_kubeconfig").is_known());
    assert_eq!(attribute(&planned, "tree"), attribute(&pki.object, "tree"));
    let mut pki = pki;
    let endpoint = ("endpoint", "https://api.demo:6443".into());
    pki.apply(&with(&base, &[endpoint])).expect("applied");
    assert!(pki.text("admin_kubeconfig").contains("server: \"https://api.demo:6443\""));
}

/// What reads YAML reads what was meant, whatever stands in the names.
#[test]
fn kubeconfigs_and_encryption_configurations_are_yaml() {
    let pki = World::new(
        "pki_kubernetes",
        &object(&[
            ("cluster_name", "de\"mo: x".into()),
            ("endpoint", "https://api.demo:6443".into()),
        ]),
    );
    let config: serde_json::Value =
        serde_saphyr::from_str(&pki.text("admin_kubeconfig")).expect("YAML");
    assert_eq!(config["clusters"][0]["name"], "de\"mo: x");
    assert_eq!(config["clusters"][0]["cluster"]["server"], "https://api.demo:6443");
    assert_eq!(config["current-context"], "kubernetes-admin@de\"mo: x");
    assert_eq!(config["contexts"][0]["name"], config["current-context"]);
    let key = kprov_pki::base64(pki.text("admin_private_key_pem").as_bytes());
    assert_eq!(config["users"][0]["user"]["client-key-data"], key);
    let ca = kprov_pki::base64(pki.text("ca_bundle_pem").as_bytes());
    assert_eq!(config["clusters"][0]["cluster"]["certificate-authority-data"], ca);
    let tree = attribute(&pki.object, "tree");
    let encryption = text(&tree, "encryption/config.yaml");
    let encryption: serde_json::Value = serde_saphyr::from_str(&encryption).expect("YAML");
    assert_eq!(encryption["kind"], "EncryptionConfiguration");
    let first = &encryption["resources"][0];
    assert_eq!(first["resources"], serde_json::json!(["secrets"]));
    assert_eq!(first["providers"][0]["secretbox"]["keys"][0]["name"], "key1");
    assert_eq!(first["providers"][1], serde_json::json!({"identity": {}}));
}
