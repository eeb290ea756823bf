//! The kit over every type, and what is special: seeds, notations, classes of characters, stored
//! objects of older versions.

use std::collections::BTreeSet;
use std::sync::Arc;

use kprov_core::{Host, Path, Type, Value};
use kprov_provider::testing::kit::{self, Cases};
use kprov_provider::testing::{FakeHost, block_on, complete, proposed};
use kprov_provider::{CallContext, CreateRequest, Intent, PlanRequest, Provider, attribute};

use super::Random;

fn object(entries: &[(&'static str, Value)]) -> Value {
    Value::object(entries.iter().cloned())
}

fn keepers(value: &str) -> (&'static str, Value) {
    ("keepers", object_of_text("k", value))
}

fn object_of_text(name: &'static str, value: &str) -> Value {
    Value::object([(name, Value::string(value))])
}

fn text(value: &Value, name: &str) -> String {
    attribute(value, name).as_str().expect("a string").to_owned()
}

fn make(ty: &str, config: &Value, seed: u64) -> Value {
    let block = &Random.schema().resources[ty].schema.block;
    let config = complete(block, config);
    let proposed = proposed(block, None, &config);
    let request = PlanRequest {
        prior: None,
        proposed: &proposed,
        config: &config,
        private: &[],
        provider: &Value::NULL,
    };
    let resource = Random.resource(ty).expect("a known type");
    let planned = resource.plan(request).expect("a plan").value;
    let host: Arc<dyn Host> = Arc::new(FakeHost::new(seed));
    let context = CallContext { client: Arc::new(()), host };
    let intent = Intent { op: 1, token: "t".into() };
    let request = CreateRequest { intent, planned, config, private: Vec::new() };
    block_on(resource.create(&context, request)).expect("an object").value
}

/// `base` with more entries.
fn with(base: &[(&'static str, Value)], more: &[(&'static str, Value)]) -> Value {
    Value::object(base.iter().chain(more).cloned())
}

/// Cases that hold for each type: keepers replace, unless they only turn from nothing to null.
fn keeper_cases(base: &[(&'static str, Value)]) -> Cases {
    let null = Value::object([("k", Value::Null(Type::String))]);
    Cases::new(object(base))
        .update(with(base, &[("keepers", null)]))
        .replace(with(base, &[keepers("1")]), "keepers")
}

#[test]
fn bytes_conform() {
    let base = [("length", Value::int(8))];
    let cases = keeper_cases(&base)
        .replace(object(&[("length", Value::int(9))]), "length")
        .bad(object(&[("length", Value::int(0))]), "length")
        .bad(object(&[("length", Value::int(1 << 40))]), "length")
        .import(|value| text(value, "base64"))
        .bad_id("not base64!")
        .bad_id("");
    kit::check(&Random, "random_bytes", &cases);
}

#[test]
fn ids_conform() {
    let base = [("byte_length", Value::int(4)), ("prefix", "p,-".into())];
    let cases = keeper_cases(&base)
        .replace(with(&base, &[("byte_length", Value::int(5))]), "byte_length")
        .replace(with(&base, &[("prefix", "q".into())]), "prefix")
        .bad(object(&[("byte_length", Value::int(-1))]), "byte_length")
        .import(|value| format!("p,-,{}", text(value, "id")))
        .bad_id("p,?")
        .bad_id("");
    kit::check(&Random, "random_id", &cases);
}

#[test]
fn integers_conform() {
    let base = [("min", Value::int(-3)), ("max", Value::int(3)), ("seed", "s".into())];
    let cases = keeper_cases(&base)
        .replace(with(&base, &[("min", Value::int(0))]), "min")
        .replace(with(&base, &[("max", Value::int(9))]), "max")
        .replace(with(&base, &[("seed", "t".into())]), "seed")
        .bad(with(&base, &[("min", Value::int(4))]), "min")
        .bad(with(&base, &[("max", Value::Number("1.5".parse().expect("a number")))]), "max")
        .import(|value| format!("{},-3,3,s", text(value, "id")))
        .bad_id("1,2")
        .bad_id("9,1,2")
        .bad_id("x,1,2");
    kit::check(&Random, "random_integer", &cases);
}

#[test]
fn uuids_conform() {
    let cases = keeper_cases(&[])
        .import(|value| text(value, "result").to_uppercase())
        .bad_id("123e4567e89b12d3a456426614174000")
        .bad_id("123e4567-e89b-12d3-a456-42661417400g");
    kit::check(&Random, "random_uuid", &cases);
}

#[test]
fn shuffles_conform() {
    let list = |items: &[&str]| Value::tuple(items.iter().map(|&item| Value::string(item)));
    let base = [("input", list(&["a", "b", "c"]))];
    let cases = keeper_cases(&base)
        .replace(object(&[("input", list(&["a"]))]), "input")
        .replace(with(&base, &[("seed", "t".into())]), "seed")
        .replace(with(&base, &[("result_count", Value::int(2))]), "result_count")
        .bad(with(&base, &[("result_count", Value::int(-1))]), "result_count");
    kit::check(&Random, "random_shuffle", &cases);
}

#[test]
fn pets_conform() {
    let cases = keeper_cases(&[])
        .replace(object(&[("length", Value::int(3))]), "length")
        .replace(object(&[("separator", "_".into())]), "separator")
        .replace(object(&[("prefix", "x".into())]), "prefix")
        .bad(object(&[("length", Value::int(0))]), "length");
    kit::check(&Random, "random_pet", &cases);
}

/// Both text types have the same rules.
#[test]
fn strings_and_passwords_conform() {
    let base = [("length", Value::int(12))];
    let off = || Value::Bool(false);
    let nothing = [("upper", off()), ("lower", off()), ("numeric", off()), ("special", off())];
    for ty in ["random_string", "random_password"] {
        let mut cases = keeper_cases(&base)
            .replace(object(&[("length", Value::int(13))]), "length")
            .replace(with(&base, &[("override_special", "_".into())]), "override_special")
            .bad(object(&[("length", Value::int(0))]), "length")
            .bad(with(&base, &[("min_upper", Value::int(13))]), "length")
            .bad(with(&base, &[("min_lower", Value::int(-1))]), "min_lower")
            .bad(with(&base, &nothing), "upper")
            .bad(with(&base, &[("number", off()), ("numeric", Value::Bool(true))]), "number")
            .import(|value| text(value, "result"))
            .import_misses(&["bcrypt_hash"])
            .bad_id("");
        for name in ["upper", "lower", "number", "numeric", "special"] {
            cases = cases.replace(with(&base, &[(name, off())]), name);
        }
        for name in ["min_upper", "min_lower", "min_numeric", "min_special"] {
            cases = cases.replace(with(&base, &[(name, Value::int(1))]), name);
        }
        kit::check(&Random, ty, &cases);
    }
}

#[test]
fn results_have_the_characters_that_were_asked_for() {
    let check = |more: &[(&'static str, Value)], expect: &dyn Fn(&str) -> bool| {
        for seed in 0..20 {
            let config = with(&[("length", Value::int(20))], more);
            let result = text(&make("random_string", &config, seed), "result");
            assert_eq!(result.chars().count(), 20);
            assert!(expect(&result), "{more:?}: {result}");
        }
    };
    let count = |text: &str, class: fn(&char) -> bool| text.chars().filter(class).count();
    let off = || Value::Bool(false);
    check(&[("special", off())], &|it| it.chars().all(|c| c.is_ascii_alphanumeric()));
    check(&[("numeric", off())], &|it| count(it, char::is_ascii_digit) == 0);
    check(&[("number", off())], &|it| count(it, char::is_ascii_digit) == 0);
    check(&[("upper", off())], &|it| count(it, char::is_ascii_uppercase) == 0);
    check(&[("min_numeric", Value::int(7))], &|it| count(it, char::is_ascii_digit) >= 7);
    // As in Terraform's provider, what is demanded comes even if it is not allowed otherwise.
    let only = [("upper", off()), ("min_upper", Value::int(2))];
    check(&only, &|it| count(it, char::is_ascii_uppercase) == 2);
    let own = [("override_special", "\u{e4}+".into()), ("min_special", Value::int(3))];
    check(&own, &|it| {
        let special = it.chars().filter(|c| !c.is_ascii_alphanumeric());
        let special: Vec<char> = special.collect();
        special.len() >= 3 && special.iter().all(|c| "\u{e4}+".contains(*c))
    });
}

#[test]
fn password_hashes_are_right() {
    for length in [8, 100] {
        let made = make("random_password", &object(&[("length", Value::int(length))]), 3);
        let (result, hash) = (text(&made, "result"), text(&made, "bcrypt_hash"));
        assert!(hash.starts_with("$2a$10$"), "{hash}");
        let hashed = &result.as_bytes()[..result.len().min(72)];
        assert_eq!(bcrypt::verify(hashed, &hash).ok(), Some(true));
    }
    let block = &Random.schema().resources["random_password"].schema.block;
    assert!(block.attributes["result"].sensitive && block.attributes["bcrypt_hash"].sensitive);
}

#[test]
fn ids_are_one_number_in_all_notations() {
    let config = object(&[("byte_length", Value::int(2)), ("prefix", "p-".into())]);
    let made = make("random_id", &config, 5);
    let hex = text(&made, "hex");
    let number = u16::from_str_radix(hex.trim_start_matches("p-"), 16).expect("digits");
    assert_eq!(text(&made, "dec"), format!("p-{number}"));
    assert_eq!(text(&made, "b64_url"), format!("p-{}", text(&made, "id")));
}

#[test]
fn a_seed_decides() {
    let integer = |seed: &'static str, host| {
        let range = [("min", Value::int(1)), ("max", Value::int(1_000_000))];
        text(&make("random_integer", &with(&range, &[("seed", seed.into())]), host), "id")
    };
    assert_eq!(integer("a", 1), integer("a", 2));
    assert_ne!(integer("a", 1), integer("b", 1));
    assert_ne!(integer("", 1), integer("", 2), "an empty seed is none");
    let whole = [("min", Value::int(i64::MIN)), ("max", Value::int(i64::MAX))];
    make("random_integer", &object(&whole), 1);
}

#[test]
fn shuffling_keeps_what_there_is() {
    let input: Vec<Value> = (0..10).map(|n| Value::string(n.to_string())).collect();
    let shuffle = |count: Option<i64>, seed: &'static str| {
        let count = count.map_or(Value::Null(Type::Number), Value::int);
        let entries = [
            ("input", Value::tuple(input.clone())),
            ("result_count", count),
            ("seed", seed.into()),
        ];
        let made = make("random_shuffle", &object(&entries), 1);
        attribute(&made, "result").as_items().expect("a list").to_vec()
    };
    let distinct =
        |items: &[Value]| items.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>().len();
    let all = shuffle(None, "a");
    assert_eq!((all.len(), distinct(&all)), (10, 10));
    assert_eq!(all, shuffle(None, "a"));
    assert_ne!(all, shuffle(None, "b"));
    assert_eq!(shuffle(Some(0), "a").len(), 10);
    let few = shuffle(Some(4), "a");
    assert_eq!((few.len(), distinct(&few)), (4, 4));
    let many = shuffle(Some(25), "a");
    assert_eq!((many.len(), distinct(&many[..10]), distinct(&many[10..20])), (25, 10, 10));
    let empty = make("random_shuffle", &object(&[("input", Value::tuple([]))]), 1);
    assert_eq!(attribute(&empty, "result"), Value::list(Type::String, Vec::new()));
}

#[test]
fn pets_are_words_with_separators() {
    let check = |length: i64, prefix: Option<&str>, expect: usize| {
        let prefix = prefix.map_or(Value::Null(Type::String), Value::string);
        let entries =
            [("length", Value::int(length)), ("prefix", prefix), ("separator", "_".into())];
        let id = text(&make("random_pet", &object(&entries), 9), "id");
        assert_eq!(id.split('_').count(), expect, "{id}");
        assert!(id.split('_').all(|word| !word.is_empty()), "{id}");
        id
    };
    check(1, None, 1);
    check(2, None, 2);
    check(4, None, 4);
    assert!(check(2, Some("my"), 3).starts_with("my_"));
    check(2, Some(""), 2);
}

#[test]
fn stored_objects_of_older_versions_are_read() {
    let upgrade = |ty: &str, version: u64, stored: &str| {
        let resource = Random.resource(ty).expect("a known type");
        resource
            .upgrade(version, stored)
            .map(|text| serde_json::from_str::<serde_json::Value>(&text).expect("JSON"))
    };
    let old = r#"{"id":"none","result":"abc","length":null,"number":false,"min_upper":2}"#;
    for ty in ["random_string", "random_password"] {
        let new = upgrade(ty, 0, old).expect("an object");
        assert_eq!(new["length"], 3);
        assert_eq!((&new["numeric"], &new["number"]), (&false.into(), &false.into()));
        assert_eq!((&new["special"], &new["min_upper"]), (&true.into(), &2.into()));
        assert!(upgrade(ty, 0, "[]").is_err());
        let mut names: Vec<&str> =
            new.as_object().expect("an object").keys().map(String::as_str).collect();
        names.sort_unstable();
        let block = &Random.schema().resources[ty].schema.block;
        let wanted: Vec<&str> = block.attributes.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, wanted, "{ty}");
        let version = Random.schema().resources[ty].schema.version;
        assert_eq!(upgrade(ty, version, r#"{"x":1}"#).expect("as it was")["x"], 1);
    }
    let hash = bcrypt::hash("abc", 4).expect("a hash");
    let check = |hash: &str, kept: bool| {
        let stored = format!(r#"{{"result":"abc","bcrypt_hash":"{hash}"}}"#);
        let new = upgrade("random_password", 2, &stored).expect("an object");
        assert_eq!(new["bcrypt_hash"].is_string(), kept);
    };
    check(&hash, true);
    check(&hash.replace("$2b$04$", "$2b$04$a"), false);
    check("nonsense", false);
}

#[test]
fn an_empty_override_that_goes_replaces_nothing() {
    let block = &Random.schema().resources["random_string"].schema.block;
    let check = |before: &'static str, expect: bool| {
        let base = [("length", Value::int(4))];
        let prior = make("random_string", &with(&base, &[("override_special", before.into())]), 1);
        let config = complete(block, &object(&base));
        let proposed = proposed(block, Some(&prior), &config);
        let request = PlanRequest {
            prior: Some(&prior),
            proposed: &proposed,
            config: &config,
            private: &[],
            provider: &Value::NULL,
        };
        let resource = Random.resource("random_string").expect("a known type");
        let planned = resource.plan(request).expect("a plan");
        let replaces = planned.requires_replace.contains(&Path::attribute("override_special"));
        assert_eq!(replaces, expect, "{before:?}");
    };
    check("", false);
    check("_", true);
}
