//! What a reference is about, told from its first words alone: the one place that knows how
//! `module.a["x"].id` and `data.t.n[0].id` are put together. Used for the graph (static) and by the
//! evaluation's scope.

use kprov_core::{Diagnostic, ResourceMode, ResourceName, Str};
use kprov_lang::SourceMap;
use kprov_lang::ast::{Reference, Step, StepKind};

/// The subject of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// `var.x`
    Variable(Str),
    /// `local.x`
    Local(Str),
    /// `module.x`; what follows may choose an instance and an output.
    Module(Str),
    /// `aws_vpc.x`, `data.t.x`, `ephemeral.t.x`.
    Resource(ResourceName),
    /// `each.key`, `each.value`
    Each(Str),
    /// `count.index`
    CountIndex,
    /// `path.module`, `path.root`, `path.cwd`
    Path(Str),
    /// `terraform.workspace`, `terraform.applying`
    Terraform(Str),
    /// `self`
    Itself,
}

/// The subject of `reference`, and how many of its steps name it.
pub(crate) fn subject(
    reference: &Reference,
    sources: &SourceMap,
) -> Result<(Subject, usize), Diagnostic> {
    let steps = &reference.steps;
    let root = reference.root.as_str();
    match root {
        "var" => one(reference, sources, "var").map(|name| (Subject::Variable(name), 1)),
        "local" => one(reference, sources, "local").map(|name| (Subject::Local(name), 1)),
        "module" => one(reference, sources, "module").map(|name| (Subject::Module(name), 1)),
        "each" => match one(reference, sources, "each")? {
            name if name == "key" || name == "value" => Ok((Subject::Each(name), 1)),
            name => Err(invalid(
                reference,
                sources,
                "Invalid \"each\" attribute",
                format!(
                    "The \"each\" object does not have an attribute named \"{name}\". The \
                     supported attributes are each.key and each.value, the current key and value \
                     pair of the \"for_each\" attribute set."
                ),
            )),
        },
        "count" => match one(reference, sources, "count")? {
            name if name == "index" => Ok((Subject::CountIndex, 1)),
            name => Err(invalid(
                reference,
                sources,
                "Invalid \"count\" attribute",
                format!(
                    "The \"count\" object does not have an attribute named \"{name}\". The only \
                     supported attribute is count.index, which is the index of each instance of a \
                     resource block that has the \"count\" argument set."
                ),
            )),
        },
        "path" => one(reference, sources, "path").map(|name| (Subject::Path(name), 1)),
        "terraform" => one(reference, sources, "terraform").map(|n| (Subject::Terraform(n), 1)),
        "self" => Ok((Subject::Itself, 0)),
        "data" => resource(reference, sources, ResourceMode::Data, &steps[..], 2),
        "ephemeral" => resource(reference, sources, ResourceMode::Ephemeral, &steps[..], 2),
        "resource" => resource(reference, sources, ResourceMode::Managed, &steps[..], 2),
        _ => match steps.first().and_then(attribute) {
            Some(name) => {
                let ty = reference.root.clone();
                let name = name.clone();
                let resource = ResourceName { mode: ResourceMode::Managed, ty, name };
                Ok((Subject::Resource(resource), 1))
            }
            None => Err(invalid(
                reference,
                sources,
                "Invalid reference",
                "A reference to a resource type must be followed by at least one attribute access, \
                 specifying the resource name."
                    .to_owned(),
            )),
        },
    }
}

fn resource(
    reference: &Reference,
    sources: &SourceMap,
    mode: ResourceMode,
    steps: &[Step],
    taken: usize,
) -> Result<(Subject, usize), Diagnostic> {
    let ty = steps.first().and_then(attribute);
    let name = steps.get(1).and_then(attribute);
    match (ty, name) {
        (Some(ty), Some(name)) => {
            let resource = ResourceName { mode, ty: ty.clone(), name: name.clone() };
            Ok((Subject::Resource(resource), taken))
        }
        _ => Err(invalid(
            reference,
            sources,
            "Invalid reference",
            format!(
                "The \"{}\" object must be followed by two attribute names: the type and the name.",
                reference.root
            ),
        )),
    }
}

/// The name of a `.name` step.
pub(crate) fn attribute(step: &Step) -> Option<&Str> {
    match &step.kind {
        StepKind::Attribute(name) => Some(name),
        StepKind::Index(_) | StepKind::LegacyIndex(_) | StepKind::Splat(_) => None,
    }
}

/// The attribute that must follow `root`.
fn one(reference: &Reference, sources: &SourceMap, root: &str) -> Result<Str, Diagnostic> {
    match reference.steps.first().map(|step| (attribute(step), step)) {
        Some((Some(name), _)) => Ok(name.clone()),
        Some((None, _)) => Err(invalid(
            reference,
            sources,
            "Invalid reference",
            format!("The \"{root}\" object does not support this operation."),
        )),
        None => Err(invalid(
            reference,
            sources,
            "Invalid reference",
            format!(
                "The \"{root}\" object cannot be accessed directly. Instead, access one of its \
                 attributes."
            ),
        )),
    }
}

fn invalid(
    reference: &Reference,
    sources: &SourceMap,
    summary: &'static str,
    detail: String,
) -> Diagnostic {
    let end = reference.steps.first().map_or(reference.root_span, |step| step.span);
    Diagnostic::error(summary, detail).at(sources.range(reference.root_span.to(end)))
}
