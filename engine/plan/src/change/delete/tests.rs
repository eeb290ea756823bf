//! Reasons as Terraform gives them (scenarios count-*, for-each-to-*, module-*, moved-to-undeclared).

use super::*;
use crate::change::testing::{disk, object, schema, sensitive};
use kprov_core::addr::parse_instance;

#[test]
fn reasons() {
    use ActionReason::*;
    use Repeats::*;
    let at = |repeats| Some(Declared { repeats, module_exists: true });
    let gone = Some(Declared { repeats: Once, module_exists: false });
    let cases = [
        ("x.a", false, None, Some(DeleteBecauseNoResourceConfig)),
        ("x.a", true, None, Some(DeleteBecauseNoMoveTarget)),
        ("module.m[1].x.a", false, gone, Some(DeleteBecauseNoModule)),
        ("x.a[2]", false, at(Count), Some(DeleteBecauseCountIndex)),
        ("x.a[\"k\"]", false, at(ForEach), Some(DeleteBecauseEachKey)),
        ("x.a[\"k\"]", false, at(Count), Some(DeleteBecauseWrongRepetition)),
        ("x.a[\"k\"]", true, at(Once), Some(DeleteBecauseWrongRepetition)),
        ("x.a[0]", false, at(Once), Some(DeleteBecauseWrongRepetition)),
        ("x.a", false, at(Count), Some(DeleteBecauseWrongRepetition)),
        ("x.a", false, at(Once), None),
    ];
    for (addr, moved, declared, expect) in cases {
        let reason = delete_reason(&parse_instance(addr).unwrap(), moved, declared);
        assert_eq!(reason, expect, "{addr} {declared:?}");
    }
}

#[test]
fn removals() {
    let addr = parse_instance("fake_disk.a").unwrap();
    let mut prior = object(disk(&[("secret", "s".into())]));
    prior.private = b"p".to_vec();
    prior.create_before_destroy = true;
    let plain = Removal {
        addr: &addr,
        deposed: None,
        previous_addr: None,
        prior: &prior,
        schema: Some(&schema()),
        reason: Some(ActionReason::DeleteBecauseNoResourceConfig),
        forget: false,
    };
    let change = removal(&plain);
    assert_eq!(change.action, Action::Delete);
    assert_eq!(change.before.get("secret"), Some(&sensitive("s")));
    assert!(change.after.is_null() && change.create_before_destroy);
    assert_eq!(change.prior_private, b"p");
    assert_eq!(removal(&Removal { forget: true, ..plain }).action, Action::Forget);
}
