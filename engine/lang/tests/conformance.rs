//! Evaluates the expression cases recorded from terraform 1.11.4 (`tests/conformance/expressions`)
//! with the evaluator alone. Cases whose prelude has more than locals and variables need the engine
//! and are left to the suite that runs the whole program. `--nocapture` prints every miss.

mod support;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use kprov_core::Number;
use serde_json::Value as Json;
use support::World;

/// How many cases pass at least; raise it as things land, never lower it.
const FLOOR: usize = 3722;

#[test]
fn recorded_expressions() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance/expressions");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a case as recorded")
        .map(|entry| entry.expect("a case as recorded").path())
        .collect();
    files.sort();
    let mut passed = 0;
    let mut left = 0;
    let mut table: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    std::panic::set_hook(Box::new(|_| {}));
    for path in files.iter().filter(|path| path.extension().is_some_and(|it| it == "json")) {
        let topic = path.file_stem().expect("a case as recorded").to_string_lossy().into_owned();
        let cases: Vec<Json> =
            serde_json::from_str(&std::fs::read_to_string(path).expect("a case as recorded"))
                .expect("a case as recorded");
        let row = table.entry(topic).or_default();
        for case in &cases {
            let verdict = catch_unwind(AssertUnwindSafe(|| judge(case)))
                .unwrap_or_else(|panic| Some(Err(format!("PANIC {}", panic_text(&*panic)))));
            match verdict {
                None => left += 1,
                Some(Ok(())) => {
                    passed += 1;
                    row.0 += 1;
                }
                Some(Err(why)) => {
                    row.1 += 1;
                    println!("MISS {} {}\n     {why}", case["id"], case["expr"]);
                }
            }
        }
    }
    let _ = std::panic::take_hook();
    for (topic, (good, bad)) in &table {
        println!("{topic:<24} {good:5} {bad:5}");
    }
    let missed: usize = table.values().map(|row| row.1).sum();
    println!("{passed} passed, {missed} missed, {left} need the engine");
    assert!(passed >= FLOOR, "{passed} cases pass, {FLOOR} did before");
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// `None`: the case needs more than an evaluator.
fn judge(case: &Json) -> Option<Result<(), String>> {
    let world = match World::of(case) {
        Ok(world) => world?,
        Err(problem) => return Some(expect_error(case, problem)),
    };
    let sensitive = case["sensitive"].as_bool().unwrap_or(false);
    let result = world.output(sensitive);
    Some(match result {
        Err(problem) => expect_error(case, problem),
        Ok(None) if case["absent"].as_bool() == Some(true) => Ok(()),
        Ok(None) => Err(format!("expected {}, got null", brief(case))),
        Ok(Some((ty, value))) => {
            if case["type"] == ty && same(&case["value"], &value) {
                Ok(())
            } else {
                Err(format!("expected {}, got {ty} {value}", brief(case)))
            }
        }
    })
}

#[expect(clippy::print_stdout, reason = "for whoever runs it with --nocapture")]
fn expect_error(case: &Json, problem: String) -> Result<(), String> {
    if let Some(error) = case.get("error") {
        // The words are not demanded, but wanted: shown for whoever looks at the output.
        let words = format!("{}: {}", text(&error["summary"]), text(&error["detail"]));
        if !problem.split(" | ").any(|problem| problem == words) {
            println!("WORDS {} {}\n     {words}\n     {problem}", case["id"], case["expr"]);
        }
        Ok(())
    } else {
        Err(format!("expected {}, got error: {problem}", brief(case)))
    }
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

fn brief(case: &Json) -> String {
    match case.get("error") {
        Some(error) => format!("error {} {}", error["summary"], error["detail"]),
        None if case["absent"].as_bool() == Some(true) => "null".to_owned(),
        None => format!("{} {}", case["type"], case["value"]),
    }
}

/// Equal, numbers by value.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            let (a, b) = (a.to_string(), b.to_string());
            a == b || matches!((a.parse::<Number>(), b.parse()), (Ok(a), Ok(b)) if a == b)
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}
