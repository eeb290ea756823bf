//! References as arguments: `depends_on`, `provider`, `from`, `to`; static, never evaluated.

use kprov_core::addr::Target;
use kprov_core::{InstanceAddr, InstanceKey, ModuleAddr, ResourceMode, ResourceName, Str, Value};

use super::ProviderRef;
use super::constant::literal;
use super::decoder::Decoder;
use crate::ast::{Expr, ExprKind, Reference, Step, StepKind};
use crate::{SourceMap, Span};

const STATIC_REFERENCE: &str = "A single static variable reference is required: only attribute \
                                access and indexing with constant keys. No calculations, function \
                                calls, template expressions, etc are allowed here.";

/// Are all index steps constants?
fn is_static(steps: &[Step]) -> bool {
    steps.iter().all(|step| match &step.kind {
        StepKind::Attribute(_) | StepKind::LegacyIndex(_) => true,
        StepKind::Index(index) => {
            matches!(index.kind, ExprKind::Literal(Value::String(_) | Value::Number(_)))
        }
        StepKind::Splat(_) => false,
    })
}

impl Decoder<'_> {
    /// The items of `[a, b]`.
    pub(super) fn static_list<'e>(&mut self, expr: &'e Expr) -> Option<&'e [Expr]> {
        match &expr.kind {
            ExprKind::Tuple(items) => Some(items),
            _ => {
                self.error(
                    "Invalid expression",
                    "A static list expression is required.",
                    expr.span,
                );
                None
            }
        }
    }

    /// A static reference; in quotes it is one too, with a warning.
    pub(super) fn reference(&mut self, expr: &Expr) -> Option<Reference> {
        match &expr.kind {
            ExprKind::Reference(reference) if is_static(&reference.steps) => {
                return Some(reference.clone());
            }
            ExprKind::Literal(Value::String(text)) => {
                if let Some(reference) = parse_quoted(text, expr.span) {
                    self.warning(
                        "Quoted references are deprecated",
                        "In this context, references are expected literally rather than in \
                         quotes. Remove the quotes surrounding this reference.",
                        expr.span,
                    );
                    return Some(reference);
                }
            }
            _ => {}
        }
        self.error("Invalid expression", STATIC_REFERENCE, expr.span);
        None
    }

    pub(super) fn depends_on(&mut self, body: &crate::ast::Body) -> Vec<Reference> {
        let Some(attribute) = body.attribute("depends_on") else { return Vec::new() };
        let Some(items) = self.static_list(&attribute.expr) else { return Vec::new() };
        items.iter().filter_map(|item| self.reference(item)).collect()
    }

    /// `aws` or `aws.west`.
    pub(super) fn provider_ref(&mut self, expr: &Expr) -> Option<ProviderRef> {
        let reference = self.reference(expr)?;
        let alias = match &reference.steps[..] {
            [] => None,
            [Step { kind: StepKind::Attribute(alias), .. }] => Some(alias.clone()),
            _ => {
                self.error(
                    "Invalid provider configuration reference",
                    "Extraneous extra operators after a provider configuration address: write \
                     the provider's local name, optionally followed by a dot and the alias.",
                    expr.span,
                );
                return None;
            }
        };
        Some(ProviderRef { name: reference.root, alias, span: expr.span })
    }

    /// An address of a module, a resource or an instance, as in `moved`.
    pub(super) fn target(&mut self, expr: &Expr) -> Option<Target> {
        let reference = match &expr.kind {
            ExprKind::Reference(reference) if is_static(&reference.steps) => reference,
            _ => {
                self.error("Invalid expression", STATIC_REFERENCE, expr.span);
                return None;
            }
        };
        match target_of(reference) {
            Ok(target) => Some(target),
            Err(why) => {
                self.error("Invalid address", why, expr.span);
                None
            }
        }
    }
}

/// A reference in a string: names and constant indexes only.
fn parse_quoted(text: &str, span: Span) -> Option<Reference> {
    let scratch = SourceMap::new();
    let file = scratch.add("", text);
    let expr = crate::syntax::parse_expr(&scratch, file).ok()?;
    let ExprKind::Reference(mut reference) = expr.kind else { return None };
    if !is_static(&reference.steps) {
        return None;
    }
    reference.root_span = span;
    for step in &mut reference.steps {
        step.span = span;
        if let StepKind::Index(index) = &mut step.kind {
            index.span = span;
        }
    }
    Some(reference)
}

/// `module.a[0].aws_x.y["k"]` from names and steps.
pub(crate) fn target_of(reference: &Reference) -> Result<Target, String> {
    let mut names: Vec<(Str, InstanceKey)> = vec![(reference.root.clone(), InstanceKey::None)];
    for step in &reference.steps {
        let key = match &step.kind {
            StepKind::Attribute(name) => {
                names.push((name.clone(), InstanceKey::None));
                continue;
            }
            StepKind::LegacyIndex(index) => InstanceKey::Int(*index),
            StepKind::Index(index) => instance_key(index)?,
            StepKind::Splat(_) => return Err("A splat is not allowed in an address.".into()),
        };
        match names.last_mut() {
            Some((_, slot @ InstanceKey::None)) => *slot = key,
            _ => return Err("An address has at most one index behind each name.".into()),
        }
    }
    target_from_names(&names)
}

/// Words that begin references to something else.
const NO_TYPES: [&str; 8] =
    ["var", "local", "each", "count", "self", "path", "terraform", "template"];

fn target_from_names(names: &[(Str, InstanceKey)]) -> Result<Target, String> {
    let mut module = ModuleAddr::root();
    let mut rest = names;
    while let [(keyword, InstanceKey::None), (name, key), behind @ ..] = rest
        && keyword == "module"
    {
        module = module.child(name, key.clone());
        rest = behind;
    }
    let (mode, rest) = match rest {
        [] => return Ok(Target::Module(module)),
        [(first, InstanceKey::None), behind @ ..] if first == "data" => {
            (ResourceMode::Data, behind)
        }
        [(first, InstanceKey::None), behind @ ..] if first == "ephemeral" => {
            (ResourceMode::Ephemeral, behind)
        }
        other => (ResourceMode::Managed, other),
    };
    match rest {
        [(ty, _), ..] if mode == ResourceMode::Managed && NO_TYPES.contains(&&**ty) => {
            Err(format!("\"{ty}\" begins no address of a resource or module."))
        }
        [(ty, InstanceKey::None), (name, key)] => {
            let resource = ResourceName { mode, ty: ty.clone(), name: name.clone() };
            Ok(Target::Resource(InstanceAddr { module, resource, key: key.clone() }))
        }
        _ => Err("A resource address is its type and name, with an index where it has instances, \
                  and module.NAME before it where it is in a module."
            .into()),
    }
}

fn instance_key(index: &Expr) -> Result<InstanceKey, String> {
    match literal(index) {
        Some(Value::String(text)) => Ok(InstanceKey::String(text.clone())),
        Some(Value::Number(number)) => number
            .to_i64()
            .and_then(|number| u64::try_from(number).ok())
            .map(InstanceKey::Int)
            .ok_or_else(|| "An index must be a whole number that is not negative.".into()),
        _ => Err("An index must be a constant string or whole number.".into()),
    }
}
