//! Every example applies, is then as configured, and can be destroyed.

use std::path::{Path, PathBuf};

use crate::place::Place;

/// Copies the configuration of an example, and nothing that a run left there.
fn copy(from: &Path, to: &Path, place: &Place) {
    for entry in std::fs::read_dir(from).expect("the example's directory").flatten() {
        let path = entry.path();
        let name = to.join(entry.file_name());
        if path.is_dir() {
            copy(&path, &name, place);
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            place.write(name, std::fs::read(&path).expect("a readable file"));
        }
    }
}

/// These are for the suite `modules`, and for whoever has AWS or airplane.
fn needs_aws(example: &Path) -> bool {
    let entries = std::fs::read_dir(example).expect("the example's directory").flatten();
    entries
        .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
        .any(|text| text.contains("provider \"aws\""))
}

#[test]
fn every_example_applies_and_goes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut tried = 0;
    for entry in std::fs::read_dir(root).expect("examples").flatten() {
        let example = entry.path();
        if !example.join("main.tf").is_file() || needs_aws(&example) {
            continue;
        }
        let place = Place::empty();
        copy(&example, &PathBuf::new(), &place);
        place.kprov("init").succeeds();
        place.kprov("apply -auto-approve").succeeds().says(&["Apply complete!"]);
        place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
        place.kprov("destroy -auto-approve").succeeds().says(&["Destroy complete!"]);
        tried += 1;
    }
    assert!(tried >= 2, "{tried} examples");
}
