//! A plan file is whole or refused.

use kprov_plan::{Plan, PlanMode};

use super::*;

fn sample() -> PlanFile {
    PlanFile {
        plan: Plan {
            mode: PlanMode::Normal,
            variables: BTreeMap::new(),
            changes: Vec::new(),
            drift: Vec::new(),
            outputs: BTreeMap::new(),
            checks: Vec::new(),
            deferred: Vec::new(),
            operations: Vec::new(),
            timestamp: "2026-01-02T03:04:05Z".to_owned(),
            workspace: "w".into(),
            applyable: true,
            complete: true,
            errored: false,
            targets: vec!["a.b".to_owned()],
            excludes: Vec::new(),
            replace: Vec::new(),
            rotate_only: false,
        },
        configuration: Snapshot::default(),
        dir: ".".to_owned(),
        lineage: "l".to_owned(),
        serial: 7,
        workspace: "w".to_owned(),
        variables: [("x".into(), Value::int(3))].into(),
        no_defer: false,
        skip_refresh: true,
        prior_values: Some(serde_json::json!({"root_module": {}})),
        rotations: vec![rotation()],
        named: [MachineId::new("i-1")].into(),
        secret: false,
    }
}

fn rotation() -> PlannedRotation {
    let json = serde_json::json!({
        "cluster": "c", "continues": null, "groups": [], "seconds": 60, "estimate": {"measured_steps": 0},
        "steps": [{"at": 2, "says": "drain i-1", "step": "drain", "member": "i-1", "of_group": "g"}],
        "surge_machines": 1, "surge_machine_seconds": 60, "confirmations": 0, "findings": [], "unchecked": [],
    });
    serde_json::from_value(json).expect("a rotation")
}

fn vault() -> Vault {
    Vault::with_key([7; 32])
}

fn encoded(file: &PlanFile) -> Vec<u8> {
    file.encode(&vault(), &crate::Machine::new()).expect("it can be written")
}

/// A plan whose only secret stands in a `rotation` block.
fn rotating() -> PlanFile {
    let resource = kprov_core::addr::parse_instance("shelf_group.g").expect("an address");
    let kubeconfig = Value::from("hunter2").with_marks(kprov_core::Marks::SENSITIVE);
    let change = kprov_plan::Change {
        addr: resource,
        deposed: None,
        previous_addr: None,
        provider: kprov_core::ProviderConfigAddr {
            module: ModulePath::root(),
            provider: kprov_core::ProviderAddr::builtin("shelf"),
            alias: None,
        },
        action: kprov_plan::Action::NoOp,
        reason: None,
        before: Value::from("x"),
        after: Value::from("x"),
        replace_paths: Vec::new(),
        importing: None,
        prior_private: Vec::new(),
        planned_private: Vec::new(),
        dependencies: Vec::new(),
        create_before_destroy: false,
        tainted: false,
        rotation: Some(Value::object([("kubeconfig", kubeconfig)])),
        outdated: Vec::new(),
    };
    let sample = sample();
    PlanFile { plan: Plan { changes: vec![change], ..sample.plan }, ..sample }
}

/// Plain, sealed as known to be secret, sealed for marks.
fn samples() -> [PlanFile; 4] {
    let marked = Value::from("hunter2").with_marks(kprov_core::Marks::SENSITIVE);
    let marked = PlanFile { variables: [("x".into(), marked)].into(), ..sample() };
    [sample(), PlanFile { secret: true, ..sample() }, marked, rotating()]
}

fn refused(bytes: &[u8]) -> String {
    match PlanFile::decode(bytes, "p", &vault()) {
        Ok(_) => "read".to_owned(),
        Err(problem) => problem.summary.to_string(),
    }
}

#[test]
fn what_was_written_is_read() {
    for file in samples() {
        let read = PlanFile::decode(&encoded(&file), "p", &vault()).expect("it can be read");
        let file = PlanFile { secret: false, ..file };
        assert_eq!(format!("{read:?}"), format!("{file:?}"));
    }
}

#[test]
fn what_is_secret_is_sealed() {
    let [plain, known, marked, rotating] = samples();
    let other = Vault::with_key([8; 32]);
    PlanFile::decode(&encoded(&plain), "p", &other).expect("it needs no key");
    for file in [known, marked, rotating] {
        let bytes = encoded(&file);
        for vault in [other.clone(), Vault::none()] {
            let problem = PlanFile::decode(&bytes, "p", &vault).expect_err("no key");
            assert_eq!(problem.summary, "Sealed plan file");
            assert!(problem.detail.contains("fingerprint") || problem.detail.contains("no key"));
        }
    }
}

#[test]
fn every_truncation_and_every_changed_byte_is_found() {
    for file in samples() {
        check_damage(encoded(&file));
    }
}

fn check_damage(bytes: Vec<u8>) {
    for length in 0..bytes.len() {
        assert_ne!(refused(&bytes[..length]), "read", "cut to {length} bytes");
    }
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0x10;
        assert_ne!(refused(&changed), "read", "byte {place} changed");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(refused(&longer), "Damaged plan file");
}

#[test]
fn other_files_are_told_apart() {
    let whole = encoded(&sample());
    let mut newer = whole.clone();
    newer[MAGIC.len()] = 9;
    assert_eq!(refused(b""), "Not a plan file");
    assert_eq!(refused(b"PK\x03\x04whatever"), "Not a plan file");
    assert_eq!(refused(&whole[..MAGIC.len() + 1]), "Damaged plan file");
    assert_eq!(refused(&newer), "Plan file of another version");
}
