//! `lifecycle` blocks.

use kprov_core::{ResourceMode, Value};

use super::decoder::{BodySchema, Decoder};
use super::{IgnoreChanges, Lifecycle};
use crate::ast::{Block, Body, Expr, ExprKind, StepKind};

const SCHEMA: BodySchema = BodySchema {
    attributes: &[
        ("create_before_destroy", false),
        ("prevent_destroy", false),
        ("ignore_changes", false),
        ("replace_triggered_by", false),
    ],
    blocks: &[("precondition", &[]), ("postcondition", &[]), ("rotation", &[])],
};

impl Decoder<'_> {
    pub(super) fn lifecycle(&mut self, block: &Block, mode: ResourceMode) -> Lifecycle {
        let mut lifecycle = Lifecycle::default();
        let mut rotation = None;
        for nested in self.check(&block.body, &SCHEMA) {
            match &*nested.ty {
                "precondition" => lifecycle.preconditions.extend(self.condition(nested)),
                "postcondition" => lifecycle.postconditions.extend(self.condition(nested)),
                _ if mode != ResourceMode::Managed => self.no_rotation(nested, mode),
                // What stands in it is for the planner to say: it knows the hooks of providers.
                _ if self.second("rotation", &mut rotation, nested) => {}
                _ => lifecycle.rotation = Some(nested.body.clone()),
            }
        }
        if mode != ResourceMode::Managed {
            self.managed_only(&block.body, mode);
            return lifecycle;
        }
        lifecycle.create_before_destroy = self.bool(&block.body, "create_before_destroy");
        lifecycle.prevent_destroy = self.bool(&block.body, "prevent_destroy").unwrap_or(false);
        if let Some(attribute) = block.body.attribute("ignore_changes") {
            lifecycle.ignore_changes = self.ignore_changes(&attribute.expr);
        }
        if let Some(attribute) = block.body.attribute("replace_triggered_by") {
            let items = self.static_list(&attribute.expr).unwrap_or_default();
            for item in items {
                if !self.check_trigger(item) {
                    break;
                }
                lifecycle.replace_triggered_by.push(item.clone());
            }
        }
        lifecycle
    }

    fn no_rotation(&mut self, block: &Block, mode: ResourceMode) {
        let what = noun(mode);
        self.error(
            &format!("Invalid {what} lifecycle block"),
            format!(
                "Only managed resources (\"resource\" blocks) have members that could be rotated, \
                 so a rotation block is not valid for a {what}."
            ),
            block.header,
        );
    }

    fn managed_only(&mut self, body: &Body, mode: ResourceMode) {
        let what = noun(mode);
        for attribute in &body.attributes {
            if SCHEMA.attributes.iter().any(|(name, _)| attribute.name == *name) {
                self.error(
                    &format!("Invalid {what} lifecycle argument"),
                    format!(
                        "The lifecycle argument \"{}\" is defined only for managed resources \
                         (\"resource\" blocks), and is not valid for a {what}.",
                        attribute.name
                    ),
                    attribute.name_span,
                );
            }
        }
    }

    /// `all`, or a list of paths within the resource.
    fn ignore_changes(&mut self, expr: &Expr) -> IgnoreChanges {
        if let ExprKind::Reference(all) = &expr.kind
            && all.root == "all"
            && all.steps.is_empty()
        {
            return IgnoreChanges::All;
        }
        let Some(items) = self.static_list(expr) else { return IgnoreChanges::None };
        let mut paths = Vec::new();
        for item in items {
            if matches!(&item.kind, ExprKind::Literal(Value::String(text)) if text == "*") {
                self.error(
                    "Invalid ignore_changes wildcard",
                    "The [\"*\"] form of ignore_changes wildcard is was deprecated and is now \
                     invalid. Use \"ignore_changes = all\" to ignore changes to all attributes.",
                    expr.span,
                );
                if items.len() > 1 {
                    self.error(
                        "Invalid ignore_changes ruleset",
                        "Cannot mix wildcard string \"*\" with non-wildcard references.",
                        expr.span,
                    );
                }
                return IgnoreChanges::All;
            }
            paths.extend(self.reference(item));
        }
        if paths.is_empty() { IgnoreChanges::None } else { IgnoreChanges::Paths(paths) }
    }

    /// A trigger is a resource, an instance or an attribute of one.
    fn check_trigger(&mut self, expr: &Expr) -> bool {
        const SUMMARY: &str = "Invalid replace_triggered_by expression";
        let ExprKind::Reference(reference) = &expr.kind else {
            self.error(
                SUMMARY,
                "The replace_triggered_by argument takes references to resources, their instances \
                 or their attributes, such as aws_instance.a, aws_instance.a[0].id.",
                expr.span,
            );
            return false;
        };
        for step in &reference.steps {
            if let StepKind::Index(index) = &step.kind
                && let ExprKind::Reference(inner) = &index.kind
                && !(inner.root == "count" || is_each_key(inner))
            {
                self.error(
                    SUMMARY,
                    "Only \"count.index\" and \"each.key\" can be used in index expressions here.",
                    index.span,
                );
                return false;
            }
        }
        if NOT_RESOURCES.contains(&&*reference.root) {
            self.error(
                "Invalid reference in replace_triggered_by expression",
                "Only resources, their instances and attributes can trigger a replacement: wrap \
                 other values in a terraform_data resource and refer to that.",
                expr.span,
            );
            self.error(
                SUMMARY,
                format!("{} is not a managed resource.", reference.root),
                expr.span,
            );
            return false;
        }
        true
    }
}

/// What is not managed, in a sentence.
fn noun(mode: ResourceMode) -> &'static str {
    match mode {
        ResourceMode::Ephemeral => "ephemeral resource",
        _ => "data resource",
    }
}

/// Names that begin references to something else than managed resources.
const NOT_RESOURCES: [&str; 10] =
    ["var", "local", "data", "ephemeral", "module", "each", "count", "self", "path", "terraform"];

fn is_each_key(reference: &crate::ast::Reference) -> bool {
    reference.root == "each"
        && matches!(&reference.steps[..], [step]
            if matches!(&step.kind, StepKind::Attribute(name) if name == "key"))
}
