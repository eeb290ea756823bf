//! A state that is not one: named, and left as it is, byte for byte.

use crate::place::Place;

const MAIN: &str = "resource \"terraform_data\" \"a\" {\n  count = 30\n  input = 1\n}\n";

/// Everything that reads or writes the state.
const COMMANDS: [&str; 12] = [
    "plan",
    "apply -auto-approve",
    "destroy -auto-approve",
    "refresh",
    "show",
    "output -json",
    "state list",
    "state pull",
    "state rm terraform_data.a",
    "state mv terraform_data.a terraform_data.b",
    "taint terraform_data.a[0]",
    "op log",
];

/// All commands refuse this file and leave it alone.
fn refused(bytes: &[u8], texts: &[&str]) {
    let place = Place::new(MAIN);
    place.write("kprov.db", bytes);
    for line in COMMANDS {
        place.kprov(line).fails(texts);
        assert!(place.read("kprov.db") == bytes, "{line} changed the file");
    }
    place.kprov("workspace list").fails(texts);
    let fsck = place.kprov("state fsck").exits(1);
    assert!(fsck.stderr.contains("kprov.db") || fsck.stdout.contains("kprov.db"), "{fsck}");
    assert!(place.read("kprov.db") == bytes, "fsck changed the file");
}

/// A good state's file.
fn good() -> Vec<u8> {
    let place = Place::new(MAIN);
    place.applied();
    place.read("kprov.db")
}

#[test]
fn garbage_is_refused() {
    refused(b"this is no database, and it is long enough to have a header of a hundred bytes, but for its magic and all the rest", &["kprov.db", "Nothing was changed"]);
    refused(b"short", &["kprov.db"]);
    let noise: Vec<u8> =
        (0..8192u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    refused(&noise, &["kprov.db"]);
}

#[test]
fn a_state_of_terraform_is_refused_with_a_way_out() {
    refused(br#"{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "outputs": {}, "resources": []}"#, &["kprov.db"]);
}

#[test]
fn another_applications_database_is_refused() {
    let mut bytes = good();
    // application_id, see https://www.sqlite.org/fileformat.html
    bytes[68..72].copy_from_slice(&0x1234_5678_u32.to_be_bytes());
    refused(&bytes, &["kprov.db"]);
}

#[test]
fn a_newer_state_is_refused() {
    let mut bytes = good();
    // user_version
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    refused(&bytes, &["kprov.db", "newer", "999"]);
}

#[test]
fn a_truncated_state_is_refused() {
    let bytes = good();
    for eighth in 1..8 {
        refused(&bytes[..bytes.len() * eighth / 8], &["kprov.db"]);
    }
}

#[test]
fn an_empty_file_is_an_empty_state() {
    let place = Place::new(MAIN);
    place.write("kprov.db", "");
    place.kprov("plan").succeeds().says(&["30 to add"]);
    assert_eq!(place.read("kprov.db"), b"");
    place.applied();
}

#[test]
fn a_damaged_page_is_found_and_nothing_is_overwritten() {
    let bytes = good();
    let size = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    let pages = bytes.len() / size;
    let mut found = 0;
    for page in 1..pages {
        let mut damaged = bytes.clone();
        let header = &mut damaged[page * size..page * size + 64];
        header.iter_mut().for_each(|byte| *byte ^= 0xa5);
        let place = Place::new(MAIN);
        place.write("kprov.db", &damaged);
        let fsck = place.kprov("state fsck");
        assert!(place.read("kprov.db") == damaged, "fsck wrote to page {page}");
        if fsck.code == Some(0) {
            // A page that holds nothing cannot be damaged.
            continue;
        }
        found += 1;
        fsck.exits(1);
        for line in ["plan", "show", "state list"] {
            let read = place.kprov(line);
            assert!(matches!(read.code, Some(0 | 1)), "{line}: {read}");
            assert!(place.read("kprov.db") == damaged, "{line} wrote: page {page}");
        }
    }
    assert!(found * 2 > pages, "only {found} of {pages} damaged pages were found");
}

#[test]
fn a_directory_is_no_state() {
    let place = Place::new(MAIN);
    std::fs::create_dir(place.path("kprov.db")).expect("a directory");
    for line in COMMANDS {
        place.kprov(line).fails(&["kprov.db"]);
    }
    assert!(place.path("kprov.db").is_dir());
    place.write("file", "");
    place.kprov("apply -auto-approve -state=file/kprov.db").fails(&["file/kprov.db"]);
    place.kprov("apply -auto-approve -state=nowhere/kprov.db").fails(&["nowhere/kprov.db"]);
    assert!(!place.has("nowhere"));
}

#[test]
fn an_object_that_no_provider_understands_is_named() {
    let place = Place::new(MAIN);
    let state = r#"{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "11111111-2222-3333-4444-555555555555", "outputs": {}, "resources": [{"mode": "managed", "type": "aws_instance", "name": "web", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]", "instances": [{"schema_version": 1, "attributes": {"id": "i-1"}}]}]}"#;
    place.write("old.tfstate", state);
    place.kprov("state push old.tfstate").succeeds();
    place.kprov("plan").fails(&["aws"]);
    place.kprov("state list").succeeds().says(&["aws_instance.web"]);
    place.kprov("state rm aws_instance.web").succeeds();
    place.kprov("plan").succeeds();
}
