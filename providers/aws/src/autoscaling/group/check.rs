//! What can be told of a group's configuration and plan without a call.

use kprov_core::Value;

use crate::autoscaling::lifecycle_hook;
use crate::ec2::launch_template::is_version;
use crate::fields::{Fields, Problems, parse_duration};
use crate::resource::Plan;

const SOURCES: [&str; 3] = ["launch_configuration", "launch_template", "mixed_instances_policy"];

/// Checks a configuration.
pub(super) fn config(config: Fields<'_>, problems: &mut Problems) {
    problems.conflicts(config, &["name", "name_prefix"]);
    problems.conflicts(config, &["availability_zones", "vpc_zone_identifier"]);
    problems.needs_one(config, &["availability_zones", "vpc_zone_identifier"]);
    sizes(config, problems);
    template(config, problems);
    for (name, longest) in [("name", 255), ("name_prefix", 255 - 26)] {
        if config.text(name).is_some_and(|text| text.chars().count() > longest) {
            let message = format!("Expected at most {longest} characters.");
            problems.add(name, "Value too long", message);
        }
    }
    let text = config.str("wait_for_capacity_timeout");
    if text.is_some_and(|text| text != "0" && parse_duration(text).is_none()) {
        let message = "Expected a duration such as \"10m\", or \"0\" not to wait.";
        problems.add("wait_for_capacity_timeout", "Invalid duration", message);
    }
    if config.i64("max_instance_lifetime").is_some_and(|it| it != 0 && it < 86_400) {
        let message = "A lifetime is at least 86400 seconds (a day), or 0 for none.";
        problems.add("max_instance_lifetime", "Value out of range", message);
    }
    problems.one_of(config, "desired_capacity_type", &["units", "vcpu", "memory-mib"]);
    for hook in config.blocks("initial_lifecycle_hook") {
        for (_, message) in lifecycle_hook::problem(hook) {
            problems.add("initial_lifecycle_hook", "Invalid value", message);
        }
    }
    refresh(config, problems);
}

fn sizes(config: Fields<'_>, problems: &mut Problems) {
    let size = |name: &str| config.i64(name);
    for name in ["min_size", "max_size", "desired_capacity"] {
        if size(name).is_some_and(|size| size < 0) {
            problems.add(name, "Value out of range", format!("{name} cannot be negative."));
        }
    }
    let (min, max, desired) = (size("min_size"), size("max_size"), size("desired_capacity"));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let message = format!("min_size ({min}) must not be above max_size ({max}).");
        problems.add("min_size", "Value out of range", message);
    }
    if let (Some(max), Some(desired)) = (max, desired)
        && desired > max
    {
        let message = format!("desired_capacity ({desired}) must not be above max_size ({max}).");
        problems.add("desired_capacity", "Value out of range", message);
    }
    if let (Some(min), Some(desired)) = (min, desired)
        && desired < min
    {
        let message = format!("desired_capacity ({desired}) must not be below min_size ({min}).");
        problems.add("desired_capacity", "Value out of range", message);
    }
}

fn template(config: Fields<'_>, problems: &mut Problems) {
    let there = |name: &&&str| match **name {
        "launch_configuration" => config.is_set(name),
        name => config.is_unknown(name) || config.block(name).is_some(),
    };
    match SOURCES.iter().filter(there).collect::<Vec<_>>()[..] {
        [] => {
            let message = format!("One of these must be set: {}.", SOURCES.join(", "));
            problems.add("launch_template", "Missing required argument", message);
        }
        [first, second, ..] if !config.is_unknown(first) && !config.is_unknown(second) => {
            let message = format!("{first:?} and {second:?} cannot both be set; remove one.");
            problems.add(second, "Conflicting configuration arguments", message);
        }
        _ => {}
    }
    if let Some(block) = config.block("launch_template") {
        if !block.is_set("id") && !block.is_set("name") {
            let message = "launch_template needs \"id\" or \"name\".";
            problems.add("launch_template", "Missing required argument", message);
        }
        if block.str("id").is_some() && block.str("name").is_some() {
            let message = "launch_template takes \"id\" or \"name\", not both.";
            problems.add("launch_template", "Conflicting configuration arguments", message);
        }
        if !is_version(block.get("version")) {
            let message = "A version is a number, \"$Latest\" or \"$Default\".";
            problems.add("launch_template", "Invalid version", message);
        }
    }
}

fn refresh(config: Fields<'_>, problems: &mut Problems) {
    let Some(block) = config.block("instance_refresh") else { return };
    let Some(preferences) = block.block("preferences") else { return };
    let (min, max) =
        (preferences.i64("min_healthy_percentage"), preferences.i64("max_healthy_percentage"));
    let mut add = |message: String| problems.add("instance_refresh", "Invalid value", message);
    if min.is_some_and(|it| !(0..=100).contains(&it)) {
        add("min_healthy_percentage is from 0 to 100.".to_owned());
    }
    if max.is_some_and(|it| !(100..=200).contains(&it)) {
        add("max_healthy_percentage is from 100 to 200.".to_owned());
    }
    if let (Some(min), Some(max)) = (min, max)
        && max - min > 100
    {
        add(format!("max_healthy_percentage ({max}) may be at most 100 above min ({min})."));
    }
    let template = config.block("launch_template");
    let floats = template.and_then(|it| it.str("version")).is_some_and(|it| it.starts_with('$'));
    if preferences.bool("auto_rollback") == Some(true) && floats {
        add("With auto_rollback, the launch template's version must be a number: AWS cannot go back \
             to \"$Latest\" or \"$Default\"."
            .to_owned());
    }
}

/// What else changes with a change.
pub(super) fn plan(plan: &mut Plan<'_>) {
    for name in ["launch_template", "mixed_instances_policy"] {
        let null = Value::NULL;
        let prior = plan.prior.map_or(&null, |prior| prior.get(name));
        let value = referred(plan.get(name), plan.config.get(name), prior);
        if let Some(value) = value {
            plan.set(name, value);
        }
    }
    let Some(prior) = plan.prior else { return };
    for (one, other) in [
        ("vpc_zone_identifier", "availability_zones"),
        ("availability_zones", "vpc_zone_identifier"),
    ] {
        if plan.config.is_set(one) && plan.changes(one) {
            plan.unknown(other);
        }
    }
    // AWS moves what is desired into the new bounds.
    let number = |value: &Value| value.as_number().and_then(|number| number.to_i64());
    let desired = prior.i64("desired_capacity");
    let below = desired < number(plan.get("min_size"));
    let above = number(plan.get("max_size")).is_some_and(|max| desired > Some(max));
    if below || above {
        plan.unknown("desired_capacity");
    }
    if plan.changes("warm_pool") {
        plan.unknown("warm_pool_size");
    }
}

/// A template is referred to by id or by name; AWS tells both. Where one of them changes, the other
/// is not what it was.
fn referred(planned: &Value, config: &Value, prior: &Value) -> Option<Value> {
    match planned {
        Value::List(list) => {
            let part = |value: &Value, at: usize| {
                value.as_items().and_then(|items| items.get(at)).cloned().unwrap_or(Value::NULL)
            };
            let items = list.items().iter().enumerate().map(|(at, item)| {
                let new = referred(item, &part(config, at), &part(prior, at));
                new.unwrap_or_else(|| item.clone())
            });
            Some(Value::list(list.element().clone(), items.collect()))
        }
        Value::Object(entries) => {
            let part = |value: &Value, name: &str| value.get(name).cloned().unwrap_or(Value::NULL);
            let new = entries.iter().map(|(name, value)| {
                let (config, prior) = (part(config, name), part(prior, name));
                let inner = referred(value, &config, &prior).unwrap_or_else(|| value.clone());
                (name.clone(), inner)
            });
            let whole = Value::object(new.collect::<Vec<_>>());
            Some(other_name(whole, config, prior))
        }
        _ => None,
    }
}

fn other_name(block: Value, config: &Value, prior: &Value) -> Value {
    let text = kprov_core::Type::String;
    let null = Value::NULL;
    for prefix in ["", "launch_template_"] {
        let (id, name) = (format!("{prefix}id"), format!("{prefix}name"));
        if block.get(&id).is_none() || block.get(&name).is_none() {
            continue;
        }
        for (given, other) in [(&id, &name), (&name, &id)] {
            let of = |value: &Value, name: &str| value.get(name).unwrap_or(&null).clone();
            let changed = of(config, given) != of(prior, given);
            if !of(config, given).is_null() && of(config, other).is_null() && changed {
                return kprov_provider::with_attributes(
                    &block,
                    vec![(other.as_str(), Value::unknown(text))],
                );
            }
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use kprov_core::Type;

    fn block(id: Value, name: Value) -> Value {
        let version = Value::string("1");
        let one = Value::object([("id", id), ("name", name), ("version", version)]);
        Value::list(one.ty(), vec![one])
    }

    #[test]
    fn with_another_id_the_name_is_not_known() {
        let text = Value::string;
        let null = || Value::Null(Type::String);
        let prior = block(text("lt-1"), text("a"));
        let config = block(text("lt-2"), null());
        let planned = block(text("lt-2"), text("a"));
        let new = referred(&planned, &config, &prior).unwrap();
        let new = Fields(&new.as_items().unwrap()[0]).get("name").clone();
        assert!(!new.is_known());
        let same = referred(&prior, &block(text("lt-1"), null()), &prior).unwrap();
        assert_eq!(same, prior);
    }
}
