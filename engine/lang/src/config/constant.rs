//! Arguments that must be constant: `sensitive = true`, `source = "./x"`.

use kprov_core::value::convert;
use kprov_core::{Diagnostic, Diagnostics, Str, Type, Value};

use super::decoder::Decoder;
use crate::ast::{Attribute, Body, Expr, ExprKind, Reference};
use crate::eval::{Evaluator, Resolved, Scope};
use crate::functions::FunctionContext;
use crate::{FileError, FileKind, Files, SourceMap, Span};

/// Evaluates an expression in which neither variables nor functions may be used.
pub(crate) fn evaluate(sources: &SourceMap, expr: &Expr) -> Result<Value, Diagnostics> {
    if let Some(value) = literal(expr) {
        return Ok(value.clone());
    }
    let mut problems = Diagnostics::new();
    forbid_calls(sources, expr, &mut problems);
    if problems.has_errors() {
        return Err(problems);
    }
    let functions = FunctionContext {
        host: &Nothing,
        files: &Nothing,
        base_dir: ".",
        pure_only: true,
        plan_timestamp: None,
    };
    let evaluator = Evaluator { scope: &ConstantScope { sources }, functions: &functions, sources };
    evaluator.evaluate(expr)
}

/// The value of a plain literal, parentheses looked through.
pub(super) fn literal(expr: &Expr) -> Option<&Value> {
    match &expr.kind {
        ExprKind::Literal(value) => Some(value),
        ExprKind::Parens(inner) => literal(inner),
        _ => None,
    }
}

impl Decoder<'_> {
    /// A constant argument as a bool; `None` if it is not there, null or wrong.
    pub(super) fn bool(&mut self, body: &Body, name: &str) -> Option<bool> {
        self.typed(body.attribute(name)?, &Type::Bool)?.as_bool()
    }

    /// A constant argument as text; `None` if it is not there, null or wrong.
    pub(super) fn string(&mut self, body: &Body, name: &str) -> Option<Str> {
        let value = self.typed(body.attribute(name)?, &Type::String)?;
        value.as_str().map(Str::new)
    }

    /// An argument that must be constant and of a type.
    pub(super) fn typed(&mut self, attribute: &Attribute, ty: &Type) -> Option<Value> {
        let expr = &attribute.expr;
        let value = match evaluate(self.sources, expr) {
            Ok(value) => value,
            Err(problems) => {
                let no_variables =
                    problems.iter().any(|problem| problem.summary == "Variables not allowed");
                self.problems.extend(problems);
                if no_variables {
                    self.unsuitable("value must be known", expr.span);
                }
                return None;
            }
        };
        match convert(&value, ty) {
            Ok(value) if value.is_null() => {
                self.unsuitable("must not be null", expr.span);
                None
            }
            Ok(value) => Some(value),
            Err(error) => {
                self.unsuitable(&error.message, expr.span);
                None
            }
        }
    }

    fn unsuitable(&mut self, why: &str, at: Span) {
        self.error("Unsuitable value type", format!("Unsuitable value: {why}"), at);
    }
}

/// No name means anything.
struct ConstantScope<'a> {
    sources: &'a SourceMap,
}

impl Scope for ConstantScope<'_> {
    fn resolve(
        &self,
        reference: &Reference,
        _key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
    ) -> Result<Resolved, Diagnostics> {
        let problem = Diagnostic::error("Variables not allowed", "Variables may not be used here.");
        Err(problem.at(self.sources.range(reference.root_span)).into())
    }
}

/// Reports every function call.
fn forbid_calls(sources: &SourceMap, expr: &Expr, problems: &mut Diagnostics) {
    if let ExprKind::Call(call) = &expr.kind {
        let problem =
            Diagnostic::error("Function calls not allowed", "Functions may not be called here.");
        problems.push(problem.at(sources.range(call.name_span)));
    }
    super::children::for_each_child(expr, &mut |child| forbid_calls(sources, child, problems));
}

/// A host and a file system for expressions that cannot reach them, as they call no functions.
#[derive(Debug)]
struct Nothing;

impl kprov_core::Host for Nothing {
    fn now(&self) -> std::time::SystemTime {
        std::time::UNIX_EPOCH
    }
    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

impl Files for Nothing {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::NotFound { path: path.to_owned() })
    }
    fn kind(&self, _path: &str) -> Result<Option<FileKind>, FileError> {
        Ok(None)
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        Err(FileError::NotFound { path: path.to_owned() })
    }
    fn current_dir(&self) -> String {
        "/".to_owned()
    }
    fn home_dir(&self) -> Option<String> {
        None
    }
}
