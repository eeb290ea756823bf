//! `rotation` blocks of managed resources: body to value, and where what is wrong with it stands.
//!
//! What is in a block, and what it means, is kprov-rotation's to say ([`kprov_rotation::settings`]); what is in a hook's
//! block is the providers'. Here it is decoded like any other block, for each instance.

mod labels;

use kprov_core::{Diagnostic, Diagnostics, Path, PathStep, Str, Value};
use kprov_lang::Span;
use kprov_lang::ast::Body;
use kprov_lang::config::Resource;
use kprov_provider::rotation::HookAction;
use kprov_provider::{AttributeError, Block, Provider, Registry};
use kprov_rotation::settings::{self, Settings};

use crate::change::diff::mark_by_schema;
use crate::decode::Decoder;
use crate::evaluation::BlockScope;
use crate::validate::attribute_problems;

/// The schema of `rotation` blocks, with the hooks of these providers.
pub(crate) fn schema(providers: &Registry) -> Block {
    settings::schema(actions(providers).map(|(name, action)| (name, action.schema())))
}

/// All hook actions, in the order of the providers' addresses.
fn actions(providers: &Registry) -> impl Iterator<Item = (&str, &dyn HookAction)> {
    providers.iter().flat_map(|(_, provider)| {
        let names = provider.hook_actions().iter();
        names.filter_map(|name| Some((*name, provider.hook_action(name)?)))
    })
}

/// What a resource's block says of the instance that `scope` is about, with unknowns and marks; null where it is not enabled,
/// none where there is no block. With errors there is none either.
pub(crate) fn decode(
    scope: &BlockScope<'_, '_>,
    provider: &dyn Provider,
    config: &Resource,
) -> (Option<Value>, Diagnostics) {
    let Some(body) = &config.lifecycle.rotation else { return (None, Diagnostics::new()) };
    let sources = scope.evaluation.sources;
    let header = open_brace(body.span);
    if !has_members(provider, &config.name.ty) {
        let problem = no_members(provider, &config.name.ty).at(sources.range(header));
        return (None, problem.into());
    }
    let schema = scope.evaluation.rotation_schema();
    let (body, mut found) = labels::as_arguments(body, sources);
    let decoder = Decoder::new(scope.evaluation.functions, sources);
    let (value, problems) = decoder.decode(&body, schema, scope, header);
    found.extend(problems);
    let Some(value) = value else { return (None, found) };
    if kprov_provider::attribute(&value, "enabled").unmark_deep().0 == Value::from(false) {
        return (Some(Value::NULL), found);
    }
    let value = mark_by_schema(schema, &value);
    for error in problems_of(&value, scope.evaluation.providers) {
        let place = sources.range(place(&body, &error.path.0, header));
        found.extend(attribute_problems(vec![error], None, place));
    }
    let good = !found.has_errors();
    (good.then_some(value), found)
}

/// What is wrong with what is known of a block.
fn problems_of(value: &Value, providers: &Registry) -> Vec<AttributeError> {
    let settings = match Settings::read(value) {
        Ok(settings) => settings,
        Err(problems) => return problems,
    };
    let of_hook = |hook: &settings::HookSettings| {
        let action = actions(providers).find(|(name, _)| hook.action == *name);
        let errors = action.map(|(_, action)| action.validate(&hook.config)).unwrap_or_default();
        let inside = |error: AttributeError| AttributeError {
            path: Path(hook.path.0.iter().chain(&error.path.0).cloned().collect()),
            ..error
        };
        errors.into_iter().map(inside).collect::<Vec<_>>()
    };
    settings.hooks.iter().flat_map(of_hook).collect()
}

/// Has the type members that could be rotated?
fn has_members(provider: &dyn Provider, ty: &str) -> bool {
    provider.resource(ty).is_some_and(|code| code.member_groups().is_some())
}

fn no_members(provider: &dyn Provider, ty: &str) -> Diagnostic {
    let types = provider.schema().resources.keys();
    let those: Vec<&str> = types.map(Str::as_str).filter(|ty| has_members(provider, ty)).collect();
    let hint = match &those[..] {
        [] => "No type of its provider has.".to_owned(),
        those => format!("Of its provider these have: {}.", those.join(", ")),
    };
    let detail = format!(
        "A rotation replaces the members of a group one after the other, and objects of {ty} have no members. {hint}"
    );
    Diagnostic::error("Invalid rotation", detail)
}

/// Where the part of a block that a path leads to stands: as far as it can be told, for what is inside a `dynamic` block is
/// not written anywhere.
fn place(body: &Body, path: &[PathStep], otherwise: Span) -> Span {
    let [PathStep::Attribute(name), rest @ ..] = path else { return otherwise };
    if let Some(argument) = body.attribute(name) {
        return argument.expr.span;
    }
    let (index, rest) = match rest {
        [PathStep::Index(index), rest @ ..] => {
            (usize::try_from(*index).unwrap_or(usize::MAX), rest)
        }
        rest => (0, rest),
    };
    let is_dynamic = |label: &(Str, Span)| label.0 == *name;
    let mut dynamic = body.blocks_of("dynamic");
    if let Some(block) = dynamic.find(|block| block.labels.first().is_some_and(is_dynamic)) {
        return block.header;
    }
    match body.blocks_of(name).nth(index) {
        Some(block) => place(&block.body, rest, block.header),
        None => otherwise,
    }
}

fn open_brace(body: Span) -> Span {
    Span { end: body.start + u32::from(body.end > body.start), ..body }
}
