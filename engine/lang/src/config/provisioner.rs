//! `provisioner` blocks.

use kprov_core::Value;

use super::Provisioner;
use super::decoder::Decoder;
use crate::ast::{Block, Body, Expr, ExprKind};

impl Decoder<'_> {
    pub(super) fn provisioner(&mut self, block: &Block) -> Option<Provisioner> {
        let (ty, ty_span) = block.labels.first()?;
        if matches!(ty.as_str(), "chef" | "habitat" | "puppet" | "salt-masterless") {
            self.error(
                "Invalid provisioner",
                format!("The \"{ty}\" provisioner was removed from Terraform in version 0.15."),
                *ty_span,
            );
            return None;
        }
        let on_destroy = self.keyword(&block.body, "when", "destroy", "create");
        let continue_on_failure = self.keyword(&block.body, "on_failure", "continue", "fail");
        for nested in &block.body.blocks {
            if matches!(&*nested.ty, "lifecycle" | "locals") {
                self.error(
                    "Reserved block type name in provisioner block",
                    format!(
                        "The block type name \"{}\" is reserved for use by Terraform in a future \
                         version.",
                        nested.ty
                    ),
                    nested.ty_span,
                );
            }
        }
        for second in block.body.blocks_of("connection").skip(1) {
            self.error(
                "Duplicate connection block",
                "This provisioner already has a connection block.",
                second.header,
            );
        }
        let own = |name: &str| name != "when" && name != "on_failure";
        let body = Body {
            attributes: block.body.attributes.iter().filter(|it| own(&it.name)).cloned().collect(),
            blocks: block.body.blocks.clone(),
            span: block.body.span,
        };
        if on_destroy {
            self.check_destroy_references(&body);
        }
        Some(Provisioner {
            ty: ty.clone(),
            on_destroy,
            continue_on_failure,
            body,
            span: block.header,
        })
    }

    /// A keyword argument: is it `yes`? Anything but `yes` and `no` is an error.
    fn keyword(&mut self, body: &Body, name: &str, yes: &str, no: &str) -> bool {
        let Some(attribute) = body.attribute(name) else { return false };
        let word = match &attribute.expr.kind {
            ExprKind::Reference(word) if word.steps.is_empty() => word.root.clone(),
            ExprKind::Literal(Value::String(word)) => {
                self.warning(
                    "Quoted keywords are deprecated",
                    "In this context, keywords are expected literally rather than in quotes. \
                     Remove the quotes.",
                    attribute.expr.span,
                );
                word.clone()
            }
            _ => kprov_core::Str::new(""),
        };
        if word != yes && word != no {
            self.error(
                &format!("Invalid \"{name}\" keyword"),
                format!("The \"{name}\" argument takes one of the keywords {no} and {yes}."),
                attribute.expr.span,
            );
        }
        word == yes
    }

    /// What is destroyed may know only itself: other objects may be gone by then.
    fn check_destroy_references(&mut self, body: &Body) {
        for attribute in &body.attributes {
            self.check_destroy_expr(&attribute.expr);
        }
        for block in &body.blocks {
            self.check_destroy_references(&block.body);
        }
    }

    fn check_destroy_expr(&mut self, expr: &Expr) {
        let mut outside = Vec::new();
        find_outside(expr, &mut Vec::new(), &mut outside);
        for span in outside {
            self.error(
                "Invalid reference from destroy provisioner",
                "Destroy-time provisioners and their connection configurations may only reference \
                 attributes of the related resource, via 'self', 'count.index', or 'each.key'. \
                 References to other resources during the destroy phase can cause dependency \
                 cycles and interact poorly with create_before_destroy.",
                span,
            );
        }
    }
}

/// Collects references to anything but `self`, `count.index`, `each.key`, `path`, `terraform` and
/// names that a `for` binds.
fn find_outside(expr: &Expr, bound: &mut Vec<kprov_core::Str>, out: &mut Vec<crate::Span>) {
    if let ExprKind::Reference(reference) = &expr.kind {
        let allowed = matches!(&*reference.root, "self" | "count" | "path" | "terraform")
            || (reference.root == "each"
                && matches!(reference.steps.first().map(|step| &step.kind),
                    Some(crate::ast::StepKind::Attribute(name)) if name == "key"))
            || bound.contains(&reference.root);
        if !allowed {
            out.push(expr.span);
        }
    }
    let before = bound.len();
    if let ExprKind::For(source) = &expr.kind {
        bound.extend(source.key.clone());
        bound.push(source.value.clone());
    }
    super::children::for_each_child(expr, &mut |child| find_outside(child, bound, out));
    bound.truncate(before);
}
