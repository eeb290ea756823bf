//! What changes in a group's template, where its change is in the same plan: by that people see why members are replaced.

use kprov_core::Value;
use kprov_core::value::raw_equal;
use kprov_plan::{Action, Change, Plan};
use kprov_provider::rotation::TemplateId;
use kprov_provider::{Block, Registry};

/// The object that a group's template comes from, and names of its attributes that change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TemplateDiff {
    pub(super) address: Option<String>,
    pub(super) attributes: Vec<String>,
}

/// Looks for it among what the group refers to: the object whose id is a part of
/// the template's name.
pub(super) fn diff(
    plan: &Plan,
    registry: &Registry,
    group: &Change,
    before: Option<&TemplateId>,
) -> TemplateDiff {
    let Some(before) = before else { return TemplateDiff::default() };
    let changes = matching(plan, group, before);
    let Some(change) = changes else { return TemplateDiff::default() };
    let provider = registry.get(&change.provider.provider);
    let schema = provider.and_then(|it| it.schema().resources.get(&change.addr.resource.ty));
    let attributes = differing(change, schema.map(|schema| &schema.schema.block));
    TemplateDiff { address: Some(change.addr.to_string()), attributes }
}

fn matching<'p>(plan: &'p Plan, group: &Change, before: &TemplateId) -> Option<&'p Change> {
    plan.changes.iter().find(|change| {
        let changes = matches!(change.action, Action::Update | Action::Replace(_));
        let id = change.before.bare().get("id").map(Value::bare).and_then(Value::as_str);
        let named = id.is_some_and(|id| before.as_str().split('/').any(|part| part == id));
        let refers = || group.dependencies.contains(&change.addr.config());
        changes && change.deposed.is_none() && named && refers()
    })
}

/// Attributes and blocks that a configuration can say and that will be different. What follows by itself (a version's
/// number) is left out.
fn differing(change: &Change, schema: Option<&Block>) -> Vec<String> {
    let Some(after) = change.after.bare().as_entries() else { return Vec::new() };
    let follows = |name: &str| {
        let attribute = schema.and_then(|block| block.attributes.get(name));
        attribute.is_some_and(|it| it.computed && !it.optional && !it.required)
    };
    let differs = |name: &str, value: &Value| {
        !raw_equal(change.before.bare().get(name).unwrap_or(&Value::NULL), value)
    };
    let names = after.iter().filter(|(name, value)| !follows(name) && differs(name, value));
    names.map(|(name, _)| name.to_string()).collect()
}
