//! The kit, and what is special: triggers, and what the data source gives back.

use std::sync::Arc;

use kprov_core::{Path, Type, Value};
use kprov_provider::testing::{FakeHost, block_on, complete, kit, proposed};
use kprov_provider::{CallContext, PlanRequest, Provider, attribute};

use super::Null;

fn triggers(entries: &[(&str, Option<&str>)]) -> Value {
    let entries = entries
        .iter()
        .map(|&(key, value)| (key, value.map_or(Value::Null(Type::String), Value::string)));
    Value::object([("triggers", Value::object(entries))])
}

#[test]
fn null_resource_conforms() {
    let cases = kit::Cases::new(triggers(&[("a", Some("1"))]))
        .replace(triggers(&[("a", Some("2"))]), "triggers")
        .replace(Value::object::<&str>([]), "triggers")
        .update(triggers(&[("a", Some("1")), ("b", None)]));
    kit::check(&Null, "null_resource", &cases);
    kit::check(&Null, "null_resource", &kit::Cases::new(Value::object::<&str>([])));
}

#[test]
fn only_real_changes_of_triggers_replace() {
    let schema = Null.schema().resources.get("null_resource").expect("a known type");
    let block = &schema.schema.block;
    let check = |before: Value, after: Value, expect: bool| {
        let prior = complete(block, &before);
        let config = complete(block, &after);
        let proposed = proposed(block, Some(&prior), &config);
        let request = PlanRequest {
            prior: Some(&prior),
            proposed: &proposed,
            config: &config,
            private: &[],
            provider: &Value::NULL,
        };
        let resource = Null.resource("null_resource").expect("a known type");
        let planned = resource.plan(request).expect("a plan");
        let replaces = planned.requires_replace == [Path::attribute("triggers")];
        assert_eq!(replaces, expect, "{before:?} -> {after:?}");
    };
    let unknown = Value::object([("triggers", Value::unknown(Type::map(Type::String)))]);
    check(triggers(&[]), Value::object::<&str>([]), false);
    check(triggers(&[("a", None)]), triggers(&[]), false);
    check(triggers(&[("a", None)]), triggers(&[("a", Some("x"))]), true);
    check(triggers(&[("a", Some("x"))]), unknown, true);
}

#[test]
fn the_data_source_gives_back_its_inputs() {
    let read = |config: Value| {
        let config = complete(&Null.schema().data_sources["null_data_source"].block, &config);
        let context = CallContext { client: Arc::new(()), host: Arc::new(FakeHost::new(7)) };
        let source = Null.data_source("null_data_source").expect("a known type");
        block_on(source.read(&context, &config)).expect("a value")
    };
    let inputs = Value::object([("a", Value::string("1"))]);
    let value = read(Value::object([("inputs", inputs)]));
    assert_eq!(attribute(&value, "outputs"), attribute(&value, "inputs"));
    assert_eq!(attribute(&value, "has_computed_default"), "default".into());
    assert_eq!(attribute(&value, "id"), "static".into());
    let random = attribute(&value, "random");
    assert!(random.as_str().is_some_and(|text| text.parse::<i64>().is_ok()), "{random:?}");
    let value = read(Value::object([("has_computed_default", "mine".into())]));
    assert_eq!(attribute(&value, "has_computed_default"), "mine".into());
    assert!(value.is_wholly_known());
}
