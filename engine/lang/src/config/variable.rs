//! `variable` blocks.

use kprov_core::value::convert;
use kprov_core::{Str, Value};

use super::decoder::{BodySchema, Decoder};
use super::{CheckRule, TypeConstraint, Variable, constant, type_from_expr};
use crate::ast::{Attribute, Block, Expr, ExprKind};

const SCHEMA: BodySchema = BodySchema {
    attributes: &[
        ("description", false),
        ("default", false),
        ("type", false),
        ("sensitive", false),
        ("ephemeral", false),
        ("nullable", false),
    ],
    blocks: &[("validation", &[])],
};

/// `condition` and `error_message`.
const RULE: BodySchema =
    BodySchema { attributes: &[("condition", true), ("error_message", true)], blocks: &[] };

/// Names that mean something in `module` blocks, or may come to.
const RESERVED: [&str; 8] =
    ["source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"];

impl Decoder<'_> {
    pub(super) fn variable(&mut self, block: &Block) -> Option<Variable> {
        let label = block.labels.first()?;
        let (name, name_span) = label.clone();
        let mut fine = self.check_name("Invalid variable name", label);
        if RESERVED.contains(&&*name) {
            self.error(
                "Invalid variable name",
                format!(
                    "The variable name \"{name}\" is reserved due to its special meaning inside \
                     module blocks."
                ),
                name_span,
            );
            fine = false;
        }
        let nested = self.check(&block.body, &SCHEMA);
        let body = &block.body;
        let typed = body.attribute("type");
        let ty = typed.map_or_else(TypeConstraint::any, |ty| self.variable_type(&ty.expr));
        let nullable = self.bool(body, "nullable").unwrap_or(true);
        let mut variable = Variable {
            name,
            description: self.string(body, "description"),
            ty,
            typed: typed.is_some(),
            default: None,
            has_default: body.attribute("default").is_some(),
            sensitive: self.bool(body, "sensitive").unwrap_or(false),
            ephemeral: self.bool(body, "ephemeral").unwrap_or(false),
            nullable,
            validations: nested.into_iter().filter_map(|block| self.condition(block)).collect(),
            span: block.header,
        };
        if let Some(default) = body.attribute("default") {
            variable.default = self.default(default, &variable);
        }
        fine.then_some(variable)
    }

    /// The type constraint; a legacy quoted one is refused with what to write instead.
    fn variable_type(&mut self, expr: &Expr) -> TypeConstraint {
        if let ExprKind::Literal(Value::String(text)) = &expr.kind {
            let instead = match text.as_str() {
                "string" => "Remove the quotes around \"string\".".to_owned(),
                "list" => "Remove the quotes around \"list\" and write list(string) instead to \
                           explicitly indicate that the list elements are strings."
                    .to_owned(),
                "map" => "Remove the quotes around \"map\" and write map(string) instead to \
                          explicitly indicate that the map elements are strings."
                    .to_owned(),
                _ => "A type is written without quotes: string, list(string), object({...})."
                    .to_owned(),
            };
            let summary = match text.as_str() {
                "string" | "list" | "map" => "Invalid quoted type constraints",
                _ => "Invalid legacy variable type hint",
            };
            self.error(summary, instead, expr.span);
            return TypeConstraint::any();
        }
        match type_from_expr(expr, self.sources) {
            Ok(ty) => ty,
            Err(problems) => {
                self.problems.extend(problems);
                TypeConstraint::any()
            }
        }
    }

    fn default(&mut self, attribute: &Attribute, variable: &Variable) -> Option<Value> {
        let span = attribute.expr.span;
        let value = match constant::evaluate(self.sources, &attribute.expr) {
            Ok(value) => value,
            Err(problems) => {
                self.problems.extend(problems);
                return None;
            }
        };
        if value.is_null() && !variable.nullable {
            self.error(
                "Invalid default value for variable",
                "A null default value is not valid when nullable=false.",
                span,
            );
            return None;
        }
        let value = match &variable.ty.defaults {
            Some(defaults) if !value.is_null() => defaults.apply(&value),
            _ => value,
        };
        match convert(&value, &variable.ty.ty) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(
                    "Invalid default value for variable",
                    format!(
                        "This default value is not compatible with the variable's type \
                         constraint: {error}."
                    ),
                    span,
                );
                None
            }
        }
    }

    /// A `validation`, `precondition`, `postcondition` or `assert` block.
    pub(super) fn check_rule(&mut self, block: &Block) -> Option<CheckRule> {
        self.check(&block.body, &RULE);
        let rule = CheckRule {
            condition: block.body.attribute("condition")?.expr.clone(),
            error_message: block.body.attribute("error_message")?.expr.clone(),
            span: block.header,
        };
        Some(rule)
    }

    /// Like [`Decoder::check_rule`]; the condition must refer to something.
    pub(super) fn condition(&mut self, block: &Block) -> Option<CheckRule> {
        if let Some(condition) = block.body.attribute("condition")
            && !mentions_something(&condition.expr)
        {
            self.error(
                &format!("Invalid {} expression", block.ty),
                "The condition expression must refer to at least one object from elsewhere in \
                 the configuration, or else its result would not be checking anything.",
                condition.expr.span,
            );
            self.check_rule(block);
            return None;
        }
        self.check_rule(block)
    }
}

/// Is there a reference, or a call of a provider's function, anywhere in it?
fn mentions_something(expr: &Expr) -> bool {
    !crate::eval::references(expr).is_empty() || calls_provider(expr)
}

fn calls_provider(expr: &Expr) -> bool {
    if let ExprKind::Call(call) = &expr.kind
        && call.name.starts_with("provider::")
    {
        return true;
    }
    let mut found = false;
    super::children::for_each_child(expr, &mut |child| found = found || calls_provider(child));
    found
}

/// A label as a map key.
pub(super) fn first_label(block: &Block) -> Str {
    block.labels.first().map_or_else(|| Str::new(""), |(name, _)| name.clone())
}
