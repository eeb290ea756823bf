//! Does what a provider made agree with what was planned? Terraform's contract: everything known in
//! the plan comes true, and everything is known afterwards.

use kprov_core::{Path, PathStep, Refinements, Value, value};

/// Paths at which `new` is not what `planned` says; empty when all is well. Neither has marks.
pub(crate) fn differences(planned: &Value, new: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    compare(planned, new, &mut Path::root(), &mut found);
    found
}

/// Paths at which `new` is unknown.
pub(crate) fn unknowns(new: &Value) -> Vec<Path> {
    value::paths_where(new, |part| !part.is_known())
}

/// The value with null in place of unknowns, so that it can be stored.
pub(crate) fn without_unknowns(new: &Value) -> Value {
    value::transform(new, &mut |_, part| {
        if part.is_known() { part } else { Value::Null(part.ty()) }
    })
}

fn compare(planned: &Value, new: &Value, path: &mut Path, found: &mut Vec<Path>) {
    let mut differ = |path: &Path| found.push(path.clone());
    match (planned, new) {
        // An unknown of the new value is reported elsewhere.
        (_, Value::Unknown(_)) => {}
        (Value::Unknown(unknown), new) => {
            if !allowed(unknown.refinements(), new) {
                differ(path);
            }
        }
        (Value::Null(_), Value::Null(_)) => {}
        (Value::Object(planned), Value::Object(new)) => {
            if planned.len() != new.len() {
                return differ(path);
            }
            for (name, part) in planned.iter() {
                path.0.push(PathStep::Attribute(name.clone()));
                match new.get(name) {
                    Some(other) => compare(part, other, path, found),
                    None => found.push(path.clone()),
                }
                path.0.pop();
            }
        }
        (Value::Map(planned), Value::Map(new)) => {
            if planned.entries().len() != new.entries().len() {
                return differ(path);
            }
            for (name, part) in planned.entries().iter() {
                path.0.push(PathStep::Key(name.clone()));
                match new.entries().get(name) {
                    Some(other) => compare(part, other, path, found),
                    None => found.push(path.clone()),
                }
                path.0.pop();
            }
        }
        (Value::Set(planned), Value::Set(new)) => {
            if !sets_agree(planned.items(), new.items()) {
                differ(path);
            }
        }
        (Value::List(_) | Value::Tuple(_), Value::List(_) | Value::Tuple(_)) => {
            let items = planned.as_items().unwrap_or_default();
            let others = new.as_items().unwrap_or_default();
            if items.len() != others.len() {
                return differ(path);
            }
            for (index, (item, other)) in (0u64..).zip(items.iter().zip(others)) {
                path.0.push(PathStep::Index(index));
                compare(item, other, path, found);
                path.0.pop();
            }
        }
        (planned, new) => {
            if !value::raw_equal(planned, new) {
                differ(path);
            }
        }
    }
}

/// A planned item that is not wholly known may have become any of the new ones, and two may have
/// become one: every new item must be explained by a planned one, and the other way round.
fn sets_agree(planned: &[Value], new: &[Value]) -> bool {
    if planned.iter().all(Value::is_wholly_known) {
        return planned.len() == new.len()
            && planned.iter().zip(new).all(|(a, b)| value::raw_equal(a, b));
    }
    let agree = |a: &Value, b: &Value| differences(a, b).is_empty();
    planned.len() >= new.len()
        && planned.iter().all(|item| new.iter().any(|other| agree(item, other)))
        && new.iter().all(|other| planned.iter().any(|item| agree(item, other)))
}

/// Is `new` one of the values that the refinements leave?
fn allowed(refinements: &Refinements, new: &Value) -> bool {
    if new.is_null() {
        return !refinements.not_null;
    }
    if let (Some(prefix), Value::String(text)) = (&refinements.prefix, new)
        && !text.starts_with(prefix.as_str())
    {
        return false;
    }
    if let Value::Number(number) = new {
        return refinements.allows_number(number);
    }
    let length = match new {
        Value::Map(map) => Some(map.entries().len()),
        Value::List(list) | Value::Set(list) => Some(list.items().len()),
        _ => None,
    };
    length.is_none_or(|length| {
        let length = length as u64;
        refinements.length_min.is_none_or(|least| length >= least)
            && refinements.length_max.is_none_or(|most| length <= most)
    })
}

#[cfg(test)]
mod tests {
    use kprov_core::Type;

    use super::*;

    fn check(planned: Value, new: Value, expected: &[&str]) {
        let found: Vec<String> =
            differences(&planned, &new).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{planned:?} and {new:?}");
    }

    #[test]
    fn what_is_planned_comes_true() {
        let unknown = || Value::unknown(Type::String);
        check(unknown(), Value::string("x"), &[]);
        check(unknown(), Value::Null(Type::String), &[]);
        check(Value::refined(Type::String, Refinements::not_null()), Value::NULL, &[""]);
        check(Value::string("a"), Value::string("a"), &[]);
        check(Value::string("a"), Value::string("b"), &[""]);
        check(Value::Null(Type::String), Value::string("b"), &[""]);
        check(Value::Null(Type::Dynamic), Value::Null(Type::String), &[]);
        let object = |a: Value, b: Value| Value::object([("a", a), ("b", b)]);
        check(object(Value::int(1), unknown()), object(Value::int(2), Value::string("x")), &[".a"]);
        let list = |items: &[i64]| {
            Value::list(Type::Number, items.iter().map(|&i| Value::int(i)).collect())
        };
        check(list(&[1, 2]), list(&[1, 3]), &["[1]"]);
        check(list(&[1, 2]), list(&[1]), &[""]);
        let set = |items: Vec<Value>| Value::set(Type::String, items);
        check(set(vec!["a".into()]), set(vec!["b".into()]), &[""]);
        check(set(vec!["a".into(), unknown()]), set(vec!["a".into(), "b".into()]), &[]);
        check(set(vec!["a".into(), unknown()]), set(vec!["a".into()]), &[]);
        check(set(vec!["a".into(), unknown()]), set(vec!["b".into(), "c".into()]), &[""]);
    }
}
