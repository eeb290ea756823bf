//! The object constructor `{a = 1, (k) = 2}`.

use kprov_core::{Diagnostics, Entries, Marks, Str, Type, Value};

use super::frame::Env;
use super::run::{Evaluated, Run, to_primitive};
use crate::ast::{Expr, ExprKind, ObjectItem, ObjectKey, StepKind};

impl Run<'_> {
    /// Keys become strings; an unknown key makes the whole unknown, a marked key marks the whole.
    pub(super) fn object(&self, expr: &Expr, items: &[ObjectItem], env: Env<'_>) -> Evaluated {
        let mut problems = Diagnostics::new();
        let mut marks = Marks::NONE;
        let mut known = true;
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            let key = problems.collect(self.object_key(expr, &item.key, env));
            let value = problems.collect(self.eval(&item.value, env));
            let Some((key, key_marks)) = key else { continue };
            marks = marks | key_marks;
            match (key, value) {
                (Some(key), Some(value)) => entries.push((key, value)),
                (None, _) => known = false,
                (_, None) => {}
            }
        }
        if problems.has_errors() {
            return Err(problems);
        }
        if !known {
            return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
        }
        let entries: Entries = entries.into_iter().collect();
        Ok(Value::Object(std::sync::Arc::new(entries)).with_marks(marks))
    }

    /// The key and its marks; no key if it is unknown.
    fn object_key(
        &self,
        cause: &Expr,
        key: &ObjectKey,
        env: Env<'_>,
    ) -> Result<(Option<Str>, Marks), Diagnostics> {
        let expr = match key {
            ObjectKey::Name(name, _) => return Ok((Some(name.clone()), Marks::NONE)),
            ObjectKey::Expr(expr) => expr,
        };
        if is_ambiguous(expr) {
            let detail = "If this expression is intended to be a reference, wrap it in \
                          parentheses. If it's instead intended as a literal name containing \
                          periods, wrap it in quotes to create a string literal.";
            let summary = "Ambiguous attribute key";
            return Err(self.problem(summary, detail, expr.span, expr, env).into());
        }
        let given = self.eval(expr, env)?;
        let marks = given.marks();
        match to_primitive(given.bare(), &Type::String) {
            Ok(Value::String(text)) => Ok((Some(text), marks)),
            Ok(Value::Null(_)) => {
                let detail = "Can't use a null value as a key.";
                Err(self.problem("Null value as key", detail, expr.span, cause, env).into())
            }
            Ok(_) => Ok((None, marks)),
            Err(error) => {
                let detail = format!("Can't use this value as a key: {}.", error.message);
                Err(self.problem("Incorrect key type", detail, expr.span, cause, env).into())
            }
        }
    }
}

/// `a.b = 1`: a reference or a name with a dot?
fn is_ambiguous(key: &Expr) -> bool {
    let ExprKind::Reference(reference) = &key.kind else { return false };
    let fixed = |kind: &StepKind| match kind {
        StepKind::Attribute(_) | StepKind::LegacyIndex(_) => true,
        StepKind::Index(index) => matches!(index.kind, ExprKind::Literal(_)),
        StepKind::Splat(_) => false,
    };
    !reference.steps.is_empty() && reference.steps.iter().all(|step| fixed(&step.kind))
}
