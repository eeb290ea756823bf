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
    }
}

fn refused(bytes: &[u8]) -> String {
    match PlanFile::decode(bytes, "p") {
        Ok(_) => "read".to_owned(),
        Err(problem) => problem.summary.to_string(),
    }
}

#[test]
fn what_was_written_is_read() {
    let file = sample();
    let read = PlanFile::decode(&file.encode().expect("it can be written"), "p");
    let read = read.expect("it can be read");
    assert_eq!(format!("{read:?}"), format!("{file:?}"));
}

#[test]
fn every_truncation_and_every_changed_byte_is_found() {
    let bytes = sample().encode().expect("it can be written");
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
    let whole = sample().encode().expect("it can be written");
    let mut newer = whole.clone();
    newer[MAGIC.len()] = 9;
    assert_eq!(refused(b""), "Not a plan file");
    assert_eq!(refused(b"PK\x03\x04whatever"), "Not a plan file");
    assert_eq!(refused(&whole[..MAGIC.len() + 1]), "Damaged plan file");
    assert_eq!(refused(&newer), "Plan file of another version");
}
