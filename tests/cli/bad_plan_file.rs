//! Plan files that are none, or not whole.

use crate::place::Place;

const MAIN: &str = "resource \"terraform_data\" \"a\" {\n  count = 3\n  input = count.index\n}\n";

/// `apply` and `show` refuse it, and nothing changes.
#[track_caller]
fn refused(place: &Place, texts: &[&str]) {
    let before = place.content();
    for line in ["apply p", "apply -auto-approve p", "show p", "show -json p"] {
        place.kprov(line).fails(texts);
        assert_eq!(place.content(), before, "{line}");
    }
}

fn planned() -> (Place, Vec<u8>) {
    let place = Place::new(MAIN);
    place.kprov("plan -out=p").succeeds();
    let bytes = place.read("p");
    (place, bytes)
}

#[test]
fn every_truncation_is_found() {
    let (place, bytes) = planned();
    for eighth in 0..8 {
        place.write("p", &bytes[..bytes.len() * eighth / 8]);
        refused(&place, &["\"p\""]);
    }
    place.write("p", &bytes[..bytes.len() - 1]);
    refused(&place, &["\"p\"", "cut short"]);
    place.write("p", &bytes);
    place.kprov("apply p").succeeds();
}

#[test]
fn a_changed_byte_is_found() {
    let (place, bytes) = planned();
    for at in (0..bytes.len()).step_by(bytes.len() / 16) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        place.write("p", &changed);
        refused(&place, &["\"p\""]);
    }
    let mut longer = bytes;
    longer.extend_from_slice(b"more");
    place.write("p", &longer);
    refused(&place, &["\"p\""]);
}

#[test]
fn what_is_no_plan_is_told() {
    let place = Place::new(MAIN);
    for content in
        [&b"garbage"[..], b"", b"PK\x03\x04 a plan of terraform", MAIN.as_bytes(), &[0; 5000]]
    {
        place.write("p", content);
        refused(&place, &["\"p\""]);
    }
    std::fs::remove_file(place.path("p")).expect("the file");
    refused(&place, &["\"p\""]);
    std::fs::create_dir(place.path("p")).expect("a directory");
    refused(&place, &["\"p\""]);
}

#[test]
fn a_plan_of_a_newer_kprov_is_told() {
    let (place, mut bytes) = planned();
    bytes["kprov plan\n".len()] = 99;
    place.write("p", &bytes);
    refused(&place, &["99", "version"]);
}

#[test]
fn a_place_that_takes_no_plan_is_told() {
    let place = Place::new(MAIN);
    std::fs::create_dir(place.path("directory")).expect("a directory");
    for path in ["directory", "nowhere/p", "main.tf/p"] {
        place.run(&["plan", "-out", path]).fails(&[path]);
    }
    std::os::unix::fs::symlink("/dev/full", place.path("full")).expect("a link");
    place.kprov("plan -out=full").fails(&["full", "No space left"]);
    assert!(std::fs::symlink_metadata(place.path("full")).expect("the link").is_symlink());
}
