//! `module` blocks.

use super::decoder::{BodySchema, Decoder};
use super::{ModuleCall, ProviderRef, Repetition};
use crate::ast::{Block, Body, ExprKind, ObjectKey};

/// Arguments that are not the child's variables.
const META: [&str; 6] = ["source", "version", "count", "for_each", "depends_on", "providers"];

const SCHEMA: BodySchema = BodySchema { attributes: &[("source", true)], blocks: &[] };

impl Decoder<'_> {
    pub(super) fn module_call(&mut self, block: &Block) -> Option<ModuleCall> {
        let label = block.labels.first()?;
        let body = &block.body;
        let fine = self.check_name("Invalid module instance name", label);
        self.check_required(body, &SCHEMA);
        for nested in &body.blocks {
            if matches!(&*nested.ty, "lifecycle" | "locals" | "provider") {
                self.error(
                    "Reserved block type name in module block",
                    format!(
                        "The block type name \"{}\" is reserved for use by Terraform in a future \
                         version.",
                        nested.ty
                    ),
                    nested.ty_span,
                );
            } else {
                self.unexpected_block(nested, &SCHEMA);
            }
        }
        let source = self.string(body, "source");
        let version = self.string(body, "version");
        if let (Some(attribute), Some(source)) = (body.attribute("version"), &source)
            && (source.starts_with("./") || source.starts_with("../"))
        {
            self.error(
                "Invalid registry module source address",
                "Terraform assumed that you intended a module registry source address because you \
                 also set the argument \"version\", which applies only to registry modules. A \
                 local path takes no version: remove the argument.",
                attribute.span,
            );
        }
        if let (Some(attribute), Some(source)) = (body.attribute("source"), &source)
            && !source.contains(['/', ':'])
            && !matches!(source.as_str(), "." | "..")
        {
            self.error(
                "Invalid module source address",
                format!(
                    "{source:?} is no source of a module. A local path begins with \"./\" or \
                     \"../\"."
                ),
                attribute.expr.span,
            );
            return None;
        }
        let call = ModuleCall {
            name: label.0.clone(),
            version,
            repetition: self.repetition(body),
            depends_on: self.depends_on(body),
            providers: self.passed_providers(body),
            arguments: Body {
                attributes: body
                    .attributes
                    .iter()
                    .filter(|attribute| !META.contains(&&*attribute.name))
                    .cloned()
                    .collect(),
                blocks: Vec::new(),
                span: body.span,
            },
            source: source?,
            span: block.header,
        };
        // A call that is said to be repeated in two ways cannot be looked into.
        let both = body.attribute("count").is_some() && body.attribute("for_each").is_some();
        (fine && !both).then_some(call)
    }

    /// `count` and `for_each`, of which there may be one.
    pub(super) fn repetition(&mut self, body: &Body) -> Repetition {
        match (body.attribute("count"), body.attribute("for_each")) {
            (Some(_), Some(for_each)) => {
                self.error(
                    "Invalid combination of \"count\" and \"for_each\"",
                    "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive, only \
                     one should be used to be explicit about the number of resources to be \
                     created.",
                    for_each.name_span,
                );
                Repetition::ForEach(for_each.expr.clone())
            }
            (Some(count), None) => Repetition::Count(count.expr.clone()),
            (None, Some(for_each)) => Repetition::ForEach(for_each.expr.clone()),
            (None, None) => Repetition::Once,
        }
    }

    /// `providers = { aws.child = aws.ours }`
    fn passed_providers(&mut self, body: &Body) -> Vec<(ProviderRef, ProviderRef)> {
        let Some(attribute) = body.attribute("providers") else { return Vec::new() };
        let ExprKind::Object(items) = &attribute.expr.kind else {
            self.error(
                "Invalid expression",
                "A static map expression is required.",
                attribute.expr.span,
            );
            return Vec::new();
        };
        let mut passed: Vec<(ProviderRef, ProviderRef)> = Vec::new();
        for item in items {
            let child = match &item.key {
                ObjectKey::Name(name, span) => {
                    Some(ProviderRef { name: name.clone(), alias: None, span: *span })
                }
                ObjectKey::Expr(expr) => self.provider_ref(expr),
            };
            let ours = self.provider_ref(&item.value);
            let (Some(child), Some(ours)) = (child, ours) else { continue };
            if passed
                .iter()
                .any(|(other, _)| other.name == child.name && other.alias == child.alias)
            {
                self.error(
                    "Duplicate provider address",
                    "A provider configuration was already passed under this name. Each provider \
                     configuration can be passed only once.",
                    child.span,
                );
                continue;
            }
            passed.push((child, ours));
        }
        passed
    }
}
