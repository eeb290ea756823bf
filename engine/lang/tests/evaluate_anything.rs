//! Whatever is written, evaluation ends with a value or a problem: no panic, no endless loop.

mod support;

use proptest::prelude::*;
use support::World;

/// Ways to make an expression of up to three others.
const FORMS: &[&str] = &[
    "[A, B]",
    "{a = A, (B) = C}",
    "{A = B}",
    "A + B",
    "A == B",
    "A && !B",
    "A % B",
    "A < -B",
    "A ? B : C",
    "A[B]",
    "(A)[*].a",
    "A.*.b",
    "A.a",
    "A[0]",
    "[for x in A : B if C]",
    "{for k, x in A : B => C}",
    "{for x in A : x => B...}",
    "\"${A}-${B}\"",
    "\"%{ if A }${B}%{ else }c%{ endif }\"",
    "\"%{ for x in A ~} ${B} %{ endfor }\"",
    "try(A, B)",
    "can(A)",
    "tolist(A)",
    "toset(A)",
    "tomap(A)",
    "merge(A, B...)",
    "max(A...)",
    "length(A)",
    "keys(A)",
    "flatten([A, B])",
    "format(A, B, C)",
    "jsonencode(A)",
    "element(A, B)",
    "slice(A, B, C)",
    "substr(A, B, C)",
    "sensitive(A)",
    "lookup(A, B, C)",
    "templatestring(local.list, A)",
    "nosuch(A)",
];

/// Text that is often an expression, and sometimes almost one.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null"),
        Just("true"),
        Just("0"),
        Just("-1"),
        Just("1.5"),
        Just("1e400"),
        Just("\"\""),
        Just("\"a\""),
        Just("\"10\""),
        Just("\"e\u{301}\""),
        Just("[]"),
        Just("{}"),
        Just("local.list"),
        Just("local.set"),
        Just("local.map"),
        Just("local.secret"),
        Just("local.nul"),
        Just("x"),
        Just("1/0"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let forms = prop::sample::select(FORMS);
        (forms, inner.clone(), inner.clone(), inner).prop_map(|(form, a, b, c)| {
            let mut text = String::new();
            for letter in form.chars() {
                match letter {
                    'A' => text.push_str(&a),
                    'B' => text.push_str(&b),
                    'C' => text.push_str(&c),
                    other => text.push(other),
                }
            }
            text
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn evaluation_never_panics(text in expression()) {
        let prelude = "locals {\n  list = tolist([\"a\", \"b\"])\n  set = toset([2, 1])\n  \
                       map = { a = 1, b = null }\n  secret = sensitive([1, 2])\n  nul = null\n}\n";
        let case = serde_json::json!({
            "expr": format!("[for x in [1, \"a\", local.map] : {text}]"),
            "prelude": prelude,
        });
        if let Ok(Some(world)) = World::of(&case) {
            drop(world.output(false));
        }
    }
}
