//! Members of groups and hooks that nobody rotates: the planner asks of them only whether they are there.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{Path, Type, Value};
use kprov_provider::rotation::{
    GroupId, GroupRef, GroupView, HookAction, HookCall, HookLook, MachineId, MemberGroups, StepCall,
};
use kprov_provider::{
    Attribute, AttributeError, Block, CallContext, ProviderError, Schema, attribute,
};

/// Members of `terraform_group`.
#[derive(Debug)]
pub(super) struct Members;

#[async_trait]
impl MemberGroups for Members {
    fn group(&self, _object: &Value) -> Option<GroupRef> {
        None
    }

    fn problems(&self, object: &Value) -> Vec<AttributeError> {
        if attribute(object, "input") == Value::from("floats") {
            return vec![AttributeError::new(Path::attribute("input"), "It floats", "Pin it.")];
        }
        Vec::new()
    }

    fn held(&self, prior: &Value, _planned: &Value) -> Value {
        prior.clone()
    }

    async fn observe(
        &self,
        _context: &CallContext,
        groups: &[GroupId],
    ) -> Result<Vec<Option<GroupView>>, ProviderError> {
        Ok(vec![None; groups.len()])
    }

    async fn carry_out(
        &self,
        _context: &CallContext,
        _call: &StepCall<'_>,
    ) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn keep_waiting(
        &self,
        _context: &CallContext,
        _group: &GroupId,
        _members: &[MachineId],
    ) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// `note`, with a text that must not be "bad" and a secret token; `ask`, with nothing.
#[derive(Debug)]
struct Hook(Schema);

static NOTE: LazyLock<Hook> = LazyLock::new(|| {
    let attributes = [
        ("text", Attribute::new(Type::String).required()),
        ("token", Attribute::new(Type::String).optional().sensitive()),
    ];
    Hook(Schema { version: 0, block: Block::of("", attributes) })
});
static ASK: LazyLock<Hook> = LazyLock::new(|| Hook(Schema::default()));

pub(super) fn hook_action(name: &str) -> Option<&'static dyn HookAction> {
    match name {
        "note" => Some(&*NOTE),
        "ask" => Some(&*ASK),
        _ => None,
    }
}

#[async_trait]
impl HookAction for Hook {
    fn schema(&self) -> &Schema {
        &self.0
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let bad = config.get("text").is_some_and(|text| text.as_str() == Some("bad"));
        let error = || AttributeError::new(Path::attribute("text"), "Invalid note", "It is bad.");
        bad.then(error).into_iter().collect()
    }

    async fn look(&self, _call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        Ok(HookLook::Done)
    }
}
