//! Values of the references in an expression, in the words of Terraform's diagnostics. Nothing
//! sensitive is ever printed, and no element of anything compound.

use kprov_core::{Marks, Value};

use super::frame::Env;
use super::references::references;
use super::run::Run;
use crate::ast::{Expr, ExprKind, Reference, Step, StepKind};

impl Run<'_> {
    /// `("var.x", "is 5")` for each reference in `expr`.
    pub(super) fn describe_values(&self, expr: &Expr, env: Env<'_>) -> Vec<(String, String)> {
        let quiet = self.quiet.replace(true);
        let mut found: Vec<(String, String)> = Vec::new();
        for reference in references(expr) {
            let Some((name, value)) = self.longest_value(expr, reference, env) else { continue };
            if found.iter().any(|(earlier, _)| *earlier == name) {
                continue;
            }
            found.push((name, describe(&value)));
        }
        self.quiet.set(quiet);
        found
    }

    /// The longest part of the reference that has a value. Stops before an index that is computed.
    fn longest_value(
        &self,
        expr: &Expr,
        reference: &Reference,
        env: Env<'_>,
    ) -> Option<(String, Value)> {
        let fixed = reference.steps.iter().take_while(|step| step_text(step).is_some()).count();
        let least = usize::from(env.find(&reference.root).is_none());
        for length in (least..=fixed).rev() {
            let steps = reference.steps[..length].to_vec();
            let text: String = steps.iter().filter_map(step_text).collect();
            let part = Reference { steps, ..reference.clone() };
            let part = Expr { kind: ExprKind::Reference(part), span: expr.span };
            if let Ok(value) = self.eval(&part, env) {
                return Some((format!("{}{text}", reference.root), value));
            }
        }
        None
    }
}

/// The step as text; `None` if it must be computed.
fn step_text(step: &Step) -> Option<String> {
    match &step.kind {
        StepKind::Attribute(name) => Some(format!(".{name}")),
        StepKind::LegacyIndex(index) => Some(format!("[{index}]")),
        StepKind::Index(key) => match &key.kind {
            ExprKind::Literal(Value::String(text)) => Some(format!("[{:?}]", text.as_str())),
            ExprKind::Literal(Value::Number(number)) => Some(format!("[{number}]")),
            _ => None,
        },
        StepKind::Splat(_) => None,
    }
}

fn describe(value: &Value) -> String {
    if value.marks().contains(Marks::SENSITIVE) {
        return "has a sensitive value".to_owned();
    }
    if value.marks().contains(Marks::EPHEMERAL) {
        return "has an ephemeral value".to_owned();
    }
    match value {
        Value::Unknown(unknown) if *unknown.ty() == kprov_core::Type::Dynamic => {
            "will be known only after apply".to_owned()
        }
        Value::Unknown(unknown) => {
            format!("is a {}, known only after apply", unknown.ty().friendly_name())
        }
        known => format!("is {}", compact(known)),
    }
}

fn compact(value: &Value) -> String {
    match value {
        Value::Null(_) => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{:?}", text.as_str()),
        Value::Object(entries) => match entries.len() {
            0 => "object with no attributes".to_owned(),
            1 => {
                let name = entries.keys().next().map(|name| name.as_str()).unwrap_or_default();
                format!("object with 1 attribute {name:?}")
            }
            count => format!("object with {count} attributes"),
        },
        collection => {
            let name = collection.ty().friendly_name();
            let count = collection
                .as_items()
                .map(<[Value]>::len)
                .or_else(|| collection.as_entries().map(|entries| entries.len()));
            match count.unwrap_or_default() {
                0 => format!("empty {name}"),
                1 => format!("{name} with 1 element"),
                count => format!("{name} with {count} elements"),
            }
        }
    }
}
