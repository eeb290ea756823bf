//! Terraform's state file: what Terraform wrote comes back as it was; what is not one is refused
//! in words.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use std::time::Instant;

use kprov_core::addr::parse_instance;
use kprov_core::{InstanceKey, ObjectAddr, ResourceAddr, ResourceMode};
use kprov_state::tfstate::{closure, export, import};
use kprov_state::{MemoryStore, ObjectStatus, OutputRecord, State, StateError, Store};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::*;

/// Written by terraform 1.11.4: count, for_each, a module, data, checks, sensitive, tainted.
const RECORDED: &str = include_str!("data/terraform-1.11.4.tfstate");

fn exported(state: &State) -> Value {
    export(state, &closure(state)).unwrap()
}

#[test]
fn a_recorded_file_comes_back_the_same() {
    let state = import(RECORDED).unwrap();
    let expected: Value = serde_json::from_str(RECORDED).unwrap();
    assert_eq!(exported(&state), expected);
    // The order of the fields too, but for blanks.
    let text = serde_json::to_string_pretty(&exported(&state)).unwrap();
    assert_eq!(text.trim(), RECORDED.trim());
    assert!(import(&text).unwrap() == state);
}

#[test]
fn a_state_survives_the_way_out_and_back() {
    let mut state = State { lineage: "l".to_owned(), serial: 3, ..State::default() };
    let mut full = object("full");
    full.status = ObjectStatus::Tainted;
    full.private = vec![0, 1, 254, 255];
    full.create_before_destroy = true;
    full.schema_version = 7;
    full.sensitive_paths = Some(raw("[[{\"type\":\"get_attr\",\"value\":\"id\"}]]"));
    full.attributes = raw("{\"id\":\"full\",\"big\":123456789012345678901234567890.5,\"n\":null}");
    full.dependencies = vec![dependency("b")];
    state.objects.insert(keyed("a", InstanceKey::Int(2)), full.clone());
    state.objects.insert(keyed("a", InstanceKey::Int(10)), object("ten"));
    state.objects.insert(keyed("c", InstanceKey::String("k\"${".into())), object("key"));
    state.objects.insert(current("b"), object("b"));
    state.objects.insert(deposed("b", "0123abcd"), full);
    let mut data = current("d");
    data.instance.resource.mode = ResourceMode::Data;
    state.objects.insert(data, object("d"));
    let output = OutputRecord { value: raw("1"), ty: raw("\"number\""), sensitive: true };
    state.outputs.insert("o".into(), output);
    state.checks.push(raw("{\"object_kind\":\"check\"}"));
    // A deposed object of `b` depends on `b`: itself is not listed, so leave that one out.
    state.objects.get_mut(&deposed("b", "0123abcd")).unwrap().dependencies.clear();

    let value = exported(&state);
    let back = import(&value.to_string()).unwrap();
    assert!(back == state, "{back:?}\n{state:?}");
    let keys = |i: usize| -> Vec<Value> {
        let instances = value["resources"][i]["instances"].as_array().unwrap();
        instances
            .iter()
            .map(|instance| json!([instance["index_key"], instance["deposed"]]))
            .collect()
    };
    assert_eq!(value["resources"][0]["mode"], "data");
    assert_eq!(keys(1), [json!([2, null]), json!([10, null])]);
    assert_eq!(keys(2), [json!([null, null]), json!([null, "0123abcd"])]);
}

#[test]
fn pushing_makes_a_store_equal() {
    let target = import(RECORDED).unwrap();
    let store = MemoryStore::new(TestHost::shared());
    write(&store, &[set(&current("old"), object("1"))]);
    let run = store.begin_run("default", started(), AT).unwrap();
    let entries = store.read("default").unwrap().entries_towards(&target);
    let (_, serial) = store.append("default", run, AT, &entries).unwrap();
    let state = store.read("default").unwrap();
    assert_eq!(serial, state.serial);
    assert!(State { serial: target.serial, ..state.clone() } == target);
    assert!(state.serial >= target.serial);
    assert_eq!(state.entries_towards(&target).len(), 0);
    assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
}

#[test]
fn data_sources_have_no_dependencies_but_pass_them_on() {
    let mut state = State::default();
    let data = parse_instance("data.terraform_remote_state.d").unwrap();
    depends(&mut state, "x", &[]);
    depends(&mut state, "y", &[]);
    state.objects.get_mut(&current("y")).unwrap().dependencies = vec![data.config()];
    let data = data.current();
    let mut object = object("x");
    object.dependencies = vec![dependency("x")];
    state.objects.insert(data.clone(), object);
    let closure = closure(&state);
    let check = |address: &ObjectAddr, expect: &[&str]| {
        assert_eq!(closure.texts(address, &state.objects[address]).collect::<Vec<_>>(), expect);
    };
    check(&data, &[]);
    check(&current("y"), &["data.terraform_remote_state.d", "t.x"]);
}

fn depends(state: &mut State, name: &str, on: &[&str]) {
    let mut object = object(name);
    object.dependencies = on.iter().map(|name| dependency(name)).collect();
    state.objects.insert(current(name), object);
}

#[test]
fn closures_are_transitive() {
    /// `edges`: `a: b c`; `expect`: what `a` depends on in the end.
    fn check(edges: &[(&str, &[&str])], expect: &[&str]) {
        let mut state = State::default();
        for (name, on) in edges {
            depends(&mut state, name, on);
        }
        let closure = closure(&state);
        let a = current("a");
        let names: Vec<String> =
            closure.of(&a, &state.objects[&a]).map(ResourceAddr::to_string).collect();
        assert_eq!(names, expect, "{edges:?}");
    }
    check(&[("a", &[])], &[]);
    check(&[("a", &["b"]), ("b", &["c"]), ("c", &[])], &["t.b", "t.c"]);
    check(&[("a", &["z", "b"]), ("z", &["y"]), ("b", &[])], &["t.b", "t.y", "t.z"]);
    check(&[("a", &["gone"])], &["t.gone"]);
    check(&[("a", &["b"]), ("b", &["a"])], &["t.b"]);
    check(&[("a", &["a"])], &[]);
    let knot: [(&str, &[&str]); 5] =
        [("a", &["b"]), ("b", &["c"]), ("c", &["d", "b"]), ("d", &["e"]), ("e", &["c"])];
    check(&knot, &["t.b", "t.c", "t.d", "t.e"]);
}

#[test]
fn a_long_chain_is_no_trouble() {
    let mut state = State::default();
    depends(&mut state, "n0", &[]);
    for i in 1..1000 {
        depends(&mut state, &format!("n{i}"), &[&format!("n{}", i - 1)]);
    }
    let begun = Instant::now();
    let closure = closure(&state);
    let last = current("n999");
    assert_eq!(closure.texts(&last, &state.objects[&last]).count(), 999);
    let total: usize =
        state.objects.iter().map(|(address, object)| closure.of(address, object).count()).sum();
    assert_eq!(total, 999 * 1000 / 2);
    println!("closure of a chain of 1,000: {:?}", begun.elapsed());
}

#[test]
fn what_is_no_state_is_refused_in_words() {
    fn check(text: &str, words: &str) {
        match import(text) {
            Err(StateError::NotTerraformState(what)) => {
                assert!(what.contains(words), "{what:?} lacks {words:?}");
            }
            other => panic!("expected {words:?}: {:?}", other.map(drop)),
        }
    }
    check("", "it is empty");
    check(" \n", "it is empty");
    check("{", "cut off");
    check("PK\u{3}", "not JSON");
    check("[]", "wrong type");
    check("{}", "no version");
    check("{\"version\": 3}", "before 0.12");
    check("{\"version\": 5}", "version 4 only");
    check("{\"version\": 4, \"serial\": -1}", "wrong type");
    check("{\"version\": 4, \"serial\": \"hunter2\"}", "wrong type");
    check("{\"version\": 4, \"resources\": [{}]}", "missing field");
    for (from, to, words) in [
        ("\"mode\": \"managed\"", "\"mode\": \"odd\"", "unknown mode \"odd\""),
        ("\"name\": \"a\"", "\"name\": \"a b\"", "is not a name"),
        ("module.m[\\\"z\\\"]", "module.m[", "module.m["),
        ("\"terraform_data.b\"", "\"not an address\"", "dependencies"),
        ("\"status\": \"tainted\"", "\"status\": \"strange\"", "unknown status"),
        ("\"index_key\": 1", "\"index_key\": 0", "there twice"),
        ("\"create_before_destroy\": true", "\"private\": \"*\"", "base64"),
        ("provider[\\\"terraform.io/builtin/terraform\\\"]", "provider[", "terraform_data.a"),
        ("\"attributes\"", "\"attributes_flat\"", "before 0.12"),
        ("\"attributes\"", "\"attr\"", "has no attributes"),
    ] {
        assert!(RECORDED.contains(from), "{from}");
        check(&RECORDED.replacen(from, to, usize::MAX), words);
    }
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let output = format!("{{\"o\": {{\"value\": {deep}, \"type\": \"dynamic\"}}}}");
    check(&format!("{{\"version\": 4, \"outputs\": {output}}}"), "too deeply");
    for end in 1..RECORDED.trim_end().len() {
        if RECORDED.is_char_boundary(end) {
            assert!(import(&RECORDED[..end]).is_err(), "cut at {end}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _ = import(&text);
    }

    #[test]
    fn a_damaged_file_never_panics(place in 0..RECORDED.len(), byte in 0u8..128) {
        let mut bytes = RECORDED.as_bytes().to_vec();
        bytes[place] = byte;
        if let Ok(state) = import(std::str::from_utf8(&bytes).unwrap()) {
            // What was accepted can be written and read again.
            prop_assert!(import(&exported(&state).to_string()).is_ok());
        }
    }
}
