//! A sensitive value is planted anywhere in anything that is shown, and is never seen.

use std::sync::Arc;

use kprov_core::{Marks, Type, Value};
use kprov_plan::{Action, DriftChange, PriorObject, ReplaceOrder};
use kprov_provider::Registry;
use proptest::prelude::*;

use super::plan::testing::{change, output, plan_of};
use crate::testing::Test;

use super::{Schemas, Style, concise, object, outputs, plan};

const SECRET: &str = "hunter2";

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-c]{0,3}".prop_map(|text| Value::from(text.as_str())),
        "[ab\n]{0,8}".prop_map(|text| Value::from(text.as_str())),
        (0i64..3).prop_map(Value::int),
        Just(Value::NULL),
        Just(Value::unknown(Type::String)),
        Just(Value::from(r#"{"a":[1,2,{"b":"c"}]}"#)),
        Just(Value::from(r#"{"a":[1,3,{"b":"d"}]}"#)),
        prop_oneof![
            Just(SECRET.to_owned()),
            Just(format!("a\n{SECRET}\nb\n")),
            Just(format!("a\n{SECRET}2\nb\n")),
            Just(format!("{{\"a\":[1,2,{{\"b\":\"{SECRET}\"}}]}}")),
            Just(format!("{}{SECRET}", "long ".repeat(30))),
        ]
        .prop_map(|text| Value::from(text.as_str()).with_marks(Marks::SENSITIVE)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::tuple),
            prop::collection::btree_map("[abx]", inner.clone(), 0..4).prop_map(Value::object),
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| Value::set(Type::Dynamic, items)),
            inner.prop_map(|value| value.with_marks(Marks::SENSITIVE)),
        ]
    })
}

fn whole_object() -> impl Strategy<Value = Value> {
    (value(), value(), value())
        .prop_map(|(a, b, c)| Value::object([("id", a), ("user_data", b), ("x", c)]))
}

proptest! {
    #[test]
    fn nothing_sensitive_is_shown(before in whole_object(), after in whole_object()) {
        let null = || Value::NULL;
        let drift = change("t.d", Action::Update, before.clone(), after.clone());
        let mut made = plan_of(vec![
            change("t.a", Action::Create, null(), after.clone()),
            change("t.b", Action::Update, before.clone(), after.clone()),
            change("t.c", Action::Replace(ReplaceOrder::DeleteFirst), before.clone(), after.clone()),
            change("t.d", Action::Delete, before.clone(), null()),
            change("t.e", Action::Forget, before.clone(), null()),
        ]);
        made.drift = vec![DriftChange { change: drift, relevant: true }];
        made.outputs = [
            ("a".into(), output(Action::Update, before.clone(), after.clone())),
            ("b".into(), output(Action::Create, null(), after.clone())),
        ].into();
        let prior = PriorObject {
            provider: made.changes[0].provider.clone(),
            value: after.clone(),
            private: kprov_provider::Private::default(),
            tainted: false,
            dependencies: Vec::new(),
            create_before_destroy: false,
        };
        let address = made.changes[0].addr.clone().current();
        let registry = Registry::new().with(Arc::new(Test::new()));
        let shown = [
            plan(&made, Schemas::default(), Style::plain()),
            plan(&made, Schemas::default(), Style::of(true, 40)),
            plan(&made, Schemas::of(&registry), Style::plain()),
            object(&address, &prior, Schemas::of(&registry)),
            concise(&made, Style::plain()),
            object(&address, &prior, Schemas::default()),
            outputs(&[("o".into(), after)].into()),
        ];
        for text in shown {
            prop_assert!(!text.contains("hunter"), "{}", text);
        }
    }
}
