//! Cases recorded from Terraform 1.11.4.

use crate::functions::testing::{call_named, check_error, check_text};
use kprov_core::Value;

#[test]
fn version_5() {
    for (namespace, name, expect) in [
        ("dns", "example.com", "cfbff0d1-9375-5685-968c-48ce8b15ae17"),
        ("oid", "1.3.6.1", "1447fa61-5277-5fef-a9b3-fbc6e44f4af3"),
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "", "4ebd0208-8328-5d69-8c44-ec50939c0967"),
        ("6ba7b8109dad11d180b400c04fd430c8", "x", "05b16a01-46c6-56dd-bd6e-c6dfb4a1427a"),
    ] {
        check_text("uuidv5", &[namespace, name], expect);
    }
    check_error(
        "uuidv5",
        &["DNS".into(), "x".into()],
        "uuidv5() doesn't support namespace DNS (invalid UUID length: 3)",
    );
}

#[test]
fn random_is_version_4() {
    let Ok(Value::String(text)) = call_named("uuid", &[]) else { panic!("a string") };
    let id = uuid::Uuid::try_parse(&text).expect("a UUID");
    assert_eq!(id.get_version_num(), 4);
}
