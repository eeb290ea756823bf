//! What an object says: which group it is, from what its machines are launched, and what of a change is a rotation's.
//! Pure.

use kprov_core::{Path, Value};
use kprov_provider::rotation::{GroupId, GroupRef};
use kprov_provider::{AttributeError, with_attributes};

use super::template::{Pinned, floats, is_number};
use crate::fields::Fields;

/// Where a template stands in an object: its block, and what its attributes begin with.
fn source(object: Fields<'_>) -> Option<(Fields<'_>, &'static str)> {
    if let Some(block) = object.block("launch_template") {
        return Some((block, ""));
    }
    let launch = object.block("mixed_instances_policy")?.block("launch_template")?;
    Some((launch.block("launch_template_specification")?, "launch_template_"))
}

/// As AWS takes it where nothing is said.
fn version(block: Fields<'_>) -> Option<&str> {
    if block.get("version").is_null() { Some("$Default") } else { block.str("version") }
}

/// Which group an object is.
pub(super) fn group(object: &Value) -> Option<GroupRef> {
    let object = Fields(object);
    let id = GroupId::new(object.str("id").or(object.str("name"))?);
    let template = source(object).and_then(|(block, prefix)| {
        let template = block.str(&format!("{prefix}id"))?;
        Some(Pinned::new(template, version(block)?).id())
    });
    Some(GroupRef { id, template })
}

/// What keeps an object from being rotated.
pub(super) fn problems(object: &Value) -> Vec<AttributeError> {
    let object = Fields(object);
    let mut all = Vec::new();
    let mut add = |name: &str, message: String| {
        let summary = "A group that cannot be rotated";
        all.push(AttributeError::new(Path::attribute(name), summary, message));
    };
    if object.str("launch_configuration").is_some() {
        let message =
            "Launch configurations have no versions to go to and back from. Use a launch_template.";
        add("launch_configuration", message.to_owned());
    }
    let mixed = object.block("mixed_instances_policy");
    let at = if mixed.is_some() { "mixed_instances_policy" } else { "launch_template" };
    if let Some(text) = source(object).and_then(|(block, _)| version(block))
        && !is_number(text)
    {
        add(at, floats(text));
    }
    let launch = mixed.and_then(|policy| policy.block("launch_template"));
    for override_ in launch.into_iter().flat_map(|launch| launch.blocks("override")) {
        if override_.block("launch_template_specification").is_some() {
            let message = "A rotation knows one launch template for all of a group: an override with one of its own would \
                           be replaced again and again. Make it a group of its own.";
            add(at, message.to_owned());
        }
        if override_.str("weighted_capacity").is_some_and(|weight| weight != "1") {
            let message = "A rotation counts machines, and weighted_capacity makes AWS count something else. Remove it.";
            add(at, message.to_owned());
        }
    }
    let refresh = object.block("instance_refresh");
    if refresh.is_some_and(|block| !block.strings("triggers").is_empty()) {
        let message = "AWS would replace machines by itself while they are rotated. Remove \"triggers\", or the block.";
        add("instance_refresh", message.to_owned());
    }
    all
}

/// `planned` with the template of `prior`: that is changed step by step. Everything else of a mixed instances policy may
/// change. Numbers are as planned: what a rotation makes of them for a while is not shown
/// ([`super::marks::as_before`]), so they differ only where somebody wants it.
pub(super) fn held(prior: &Value, planned: &Value) -> Value {
    let Some((before, prefix)) = source(Fields(prior)) else { return planned.clone() };
    let of = |name: &str| before.get(&format!("{prefix}{name}")).clone();
    let pinned = Kept { id: of("id"), name: of("name"), version: before.get("version").clone() };
    let whole = Fields(planned);
    if whole.block("launch_template").is_some() {
        let list = pinned.in_first(whole.get("launch_template"), "");
        return with_attributes(planned, [("launch_template", list)]);
    }
    let policies = whole.get("mixed_instances_policy");
    let policies = in_first(policies, |policy| {
        let launches = in_first(Fields(policy).get("launch_template"), |launch| {
            let specification = Fields(launch).get("launch_template_specification");
            let specification = pinned.in_first(specification, "launch_template_");
            with_attributes(launch, [("launch_template_specification", specification)])
        });
        with_attributes(policy, [("launch_template", launches)])
    });
    if policies.as_items().is_none_or(<[Value]>::is_empty) {
        return planned.clone();
    }
    with_attributes(planned, [("mixed_instances_policy", policies)])
}

/// A template as it was.
struct Kept {
    id: Value,
    name: Value,
    version: Value,
}

impl Kept {
    /// The same, in a list of one block.
    fn in_first(&self, list: &Value, prefix: &str) -> Value {
        in_first(list, |block| {
            with_attributes(
                block,
                [
                    (format!("{prefix}id"), self.id.clone()),
                    (format!("{prefix}name"), self.name.clone()),
                    ("version".to_owned(), self.version.clone()),
                ],
            )
        })
    }
}

/// A list with its first item changed.
fn in_first(list: &Value, change: impl Fn(&Value) -> Value) -> Value {
    match list {
        Value::List(items) => {
            let changed = items.items().iter().enumerate().map(|(at, item)| match at {
                0 => change(item),
                _ => item.clone(),
            });
            Value::list(items.element().clone(), changed.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use kprov_core::Type;
    use serde_json::json;

    use super::*;
    use crate::tests::compute::of;

    fn object(more: serde_json::Value) -> Value {
        let mut all = json!({"name": "g", "min_size": 1, "max_size": 3});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of("aws_autoscaling_group", all)
    }

    fn plain(version: &str) -> Value {
        object(json!({"launch_template": [{"id": "lt-1", "name": "a", "version": version}]}))
    }

    fn mixed(version: &str, kind: &str) -> Value {
        object(json!({"mixed_instances_policy": [{"launch_template": [{
            "launch_template_specification": [{"launch_template_id": "lt-1", "version": version}],
            "override": [{"instance_type": kind}],
        }]}]}))
    }

    fn template(object: &Value) -> Option<String> {
        group(object).unwrap().template.map(|id| id.to_string())
    }

    #[test]
    fn a_group_is_known_by_its_name_and_its_pinned_template() {
        assert_eq!(group(&plain("3")).unwrap().id, GroupId::new("g"));
        assert_eq!(template(&plain("3")).as_deref(), Some("lt-1/3"));
        assert_eq!(template(&mixed("4", "a.b")).as_deref(), Some("lt-1/4"));
        let unknown = Value::list(
            plain("1").get("launch_template").unwrap().as_items().unwrap()[0].ty(),
            vec![with_attributes(
                &plain("1").get("launch_template").unwrap().as_items().unwrap()[0],
                [("version", Value::unknown(Type::String))],
            )],
        );
        let unknown = with_attributes(&plain("1"), [("launch_template", unknown)]);
        assert_eq!(template(&unknown), None, "a version that is yet to be made");
        let nameless = with_attributes(&plain("1"), [("name", Value::unknown(Type::String))]);
        assert_eq!(group(&nameless), None);
    }

    #[test]
    fn what_cannot_be_rotated_is_refused_with_what_to_write() {
        let says = |object: &Value| {
            let all = problems(object).into_iter().map(|it| it.message);
            all.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(says(&plain("3")), "");
        assert_eq!(says(&mixed("3", "a.b")), "");
        for floating in ["$Latest", "$Default"] {
            assert!(says(&plain(floating)).contains("latest_version"), "{floating}");
            assert!(says(&mixed(floating, "a.b")).contains("latest_version"), "{floating}");
        }
        let silent = object(json!({"launch_template": [{"id": "lt-1"}]}));
        assert!(says(&silent).contains("$Default"), "{}", says(&silent));
        let refreshed = object(json!({
            "launch_template": [{"id": "lt-1", "version": "1"}],
            "instance_refresh": [{"strategy": "Rolling", "triggers": ["tag"]}],
        }));
        assert!(says(&refreshed).contains("triggers"));
        let weighted = object(json!({"mixed_instances_policy": [{"launch_template": [{
            "launch_template_specification": [{"launch_template_id": "lt-1", "version": "1"}],
            "override": [{"instance_type": "a.b", "weighted_capacity": "2"}],
        }]}]}));
        assert!(says(&weighted).contains("counts machines"));
    }

    #[test]
    fn the_template_is_held_and_everything_else_changes() {
        assert_eq!(held(&plain("1"), &plain("2")), plain("1"));
        let more = with_attributes(&plain("2"), [("max_size", Value::int(7))]);
        let kept = held(&plain("1"), &more);
        assert_eq!(
            (template(&kept).as_deref(), kept.get("max_size")),
            (Some("lt-1/1"), Some(&Value::int(7)))
        );
        assert_eq!(
            template(&held(&mixed("1", "a.b"), &mixed("2", "c.d"))).as_deref(),
            Some("lt-1/1")
        );
        let types = held(&mixed("1", "a.b"), &mixed("2", "c.d"));
        let (name, wanted) = ("mixed_instances_policy", mixed("1", "c.d"));
        let override_of = |object: &Value| {
            let policy = Fields(object).block(name).unwrap().block("launch_template").unwrap();
            policy.blocks("override").next().unwrap().string("instance_type")
        };
        assert_eq!(override_of(&types), override_of(&wanted));
    }

    #[test]
    fn a_group_that_becomes_mixed_keeps_its_version_for_the_while() {
        let kept = held(&plain("1"), &mixed("2", "c.d"));
        assert_eq!(template(&kept).as_deref(), Some("lt-1/1"));
        assert!(Fields(&kept).block("mixed_instances_policy").is_some());
        let kept = held(&mixed("1", "c.d"), &plain("2"));
        assert_eq!(template(&kept).as_deref(), Some("lt-1/1"));
        assert!(Fields(&kept).block("mixed_instances_policy").is_none());
    }
}
