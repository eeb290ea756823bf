//! Checks between a module and the modules that it calls.

use kprov_core::{Diagnostic, Diagnostics, ModulePath};

use super::decoder::{did_you_mean, open_brace};
use super::{Module, ModuleCall, ModuleTree, Repetition};
use crate::{SourceMap, Span};

/// Are the arguments of every call what the called module's variables ask for?
pub(super) fn check(tree: &ModuleTree, sources: &SourceMap, problems: &mut Diagnostics) {
    for (path, module) in &tree.modules {
        for call in module.calls.values() {
            let child_path = path.child(&call.name);
            let Some(child) = tree.modules.get(&child_path) else { continue };
            check_arguments(call, child, sources, problems);
            check_providers(tree, &child_path, call, sources, problems);
        }
    }
}

fn check_arguments(
    call: &ModuleCall,
    child: &Module,
    sources: &SourceMap,
    problems: &mut Diagnostics,
) {
    let mut report = |summary: &str, detail: String, at: Span| {
        problems.push(Diagnostic::error(summary, detail).at(sources.range(at)));
    };
    for attribute in &call.arguments.attributes {
        let name = &attribute.name;
        if !child.variables.contains_key(name) {
            let hint = did_you_mean(name, child.variables.keys().map(|known| &**known));
            report(
                "Unsupported argument",
                format!("An argument named \"{name}\" is not expected here.{hint}"),
                attribute.name_span,
            );
        }
    }
    for variable in child.variables.values() {
        if !variable.has_default && call.arguments.attribute(&variable.name).is_none() {
            report(
                "Missing required argument",
                format!(
                    "The argument \"{}\" is required, but no definition was found.",
                    variable.name
                ),
                open_brace(call.arguments.span),
            );
        }
    }
}

/// A module that configures providers itself cannot be there several times, or later than others.
fn check_providers(
    tree: &ModuleTree,
    path: &ModulePath,
    call: &ModuleCall,
    sources: &SourceMap,
    problems: &mut Diagnostics,
) {
    let (what, at) = match &call.repetition {
        Repetition::Count(expr) => ("count", expr.span),
        Repetition::ForEach(expr) => ("for_each", expr.span),
        Repetition::Once if !call.depends_on.is_empty() => ("depends_on", call.span),
        Repetition::Once => return,
    };
    let inside = tree.modules.iter().find(|(other, module)| {
        other.0.starts_with(&path.0) && module.providers.values().any(|it| !is_empty(it))
    });
    if let Some((other, _)) = inside {
        problems.push(
            Diagnostic::error(
                "Module is incompatible with count, for_each, and depends_on",
                format!(
                    "The module at {other} contains its own provider configurations, and so calls \
                     to it may not use {what}. Configure the providers in the root module and pass \
                     them with \"providers\"."
                ),
            )
            .at(sources.range(at)),
        );
    }
}

/// An empty provider block is an old way to say that one is passed in.
fn is_empty(provider: &super::ProviderBlock) -> bool {
    provider.body.attributes.is_empty() && provider.body.blocks.is_empty()
}
