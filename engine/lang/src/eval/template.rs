//! Templates: literals, interpolations and directives joined into one string. An unknown part makes
//! the result unknown, with the text before it as its known prefix.

use std::cell::Cell;

use kprov_core::{Diagnostics, Marks, Refinements, Str, Type, Value};
use unicode_segmentation::UnicodeSegmentation;

use super::conditional::truth_of;
use super::for_expr::{Items, Names, each};
use super::frame::Env;
use super::run::{Evaluated, Run, to_primitive};
use super::scope::{Resolved, Scope};
use super::unevaluated::place;
use crate::Span;
use crate::ast::{Expr, ExprKind, Reference, TemplatePart};
use crate::functions::{FunctionContext, FunctionError};
use crate::source::SourceMap;

/// Known prefixes are kept to this many bytes.
const PREFIX_MAX: usize = 128;

/// What has been rendered so far.
#[derive(Default)]
struct Rendered {
    text: String,
    /// Something unknown was met: `text` is only the beginning.
    unknown: bool,
    marks: Marks,
}

impl Run<'_> {
    /// A quoted template or heredoc.
    pub(super) fn template(&self, expr: &Expr, parts: &[TemplatePart], env: Env<'_>) -> Evaluated {
        let rendered = self.render_parts(expr, parts, env)?;
        Ok(rendered.into_value())
    }

    fn render_parts(
        &self,
        cause: &Expr,
        parts: &[TemplatePart],
        env: Env<'_>,
    ) -> Result<Rendered, Diagnostics> {
        let mut rendered = Rendered::default();
        let mut problems = Diagnostics::new();
        for part in parts {
            let result = match part {
                TemplatePart::Literal(text, _) => {
                    rendered.push(text);
                    Ok(())
                }
                TemplatePart::Interpolation(inner) => self
                    .eval(inner, env)
                    .and_then(|value| self.interpolate(&mut rendered, value, inner, env)),
                TemplatePart::If { condition, truthy, falsy, .. } => self
                    .render_if(cause, condition, (truthy, falsy), env)
                    .map(|part| rendered.append(part)),
                TemplatePart::For { key, value, collection, body, .. } => {
                    let names = Names { key: key.as_ref(), value };
                    self.render_for(cause, names, collection, body, env)
                        .map(|part| rendered.append(part))
                }
            };
            problems.collect(result);
        }
        if problems.has_errors() { Err(problems) } else { Ok(rendered) }
    }

    fn interpolate(
        &self,
        rendered: &mut Rendered,
        value: Value,
        place: &Expr,
        env: Env<'_>,
    ) -> Result<(), Diagnostics> {
        rendered.marks = rendered.marks | value.marks();
        let refuse = |detail: String| {
            let summary = "Invalid template interpolation value";
            self.problem(summary, detail, place.span, place, env).into()
        };
        match value.bare() {
            Value::String(text) => rendered.push(text),
            Value::Unknown(_) => rendered.unknown = true,
            Value::Null(_) => {
                return Err(refuse(
                    "The expression result is null. Cannot include a null value in a string \
                     template."
                        .to_owned(),
                ));
            }
            other => match to_primitive(other, &Type::String) {
                Ok(text) => rendered.push(text.as_str().unwrap_or_default()),
                Err(error) => {
                    return Err(refuse(format!(
                        "Cannot include the given value in a string template: {}.",
                        error.message
                    )));
                }
            },
        }
        Ok(())
    }

    fn render_if(
        &self,
        cause: &Expr,
        condition: &Expr,
        (truthy, falsy): (&[TemplatePart], &[TemplatePart]),
        env: Env<'_>,
    ) -> Result<Rendered, Diagnostics> {
        let given = self.eval(condition, env)?;
        let refuse =
            |summary, detail: &str| self.problem(summary, detail, condition.span, cause, env);
        if given.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            return Err(refuse("Null condition", detail).into());
        }
        let bare = to_primitive(given.bare(), &Type::Bool).map_err(|_| {
            let detail = "The condition expression must be of type bool.";
            refuse("Incorrect condition type", detail)
        })?;
        let mut rendered = match truth_of(&bare).0 {
            Some(true) => self.render_parts(cause, truthy, env)?,
            Some(false) => self.render_parts(cause, falsy, env)?,
            None => Rendered { unknown: true, ..Rendered::default() },
        };
        rendered.marks = rendered.marks | given.marks();
        Ok(rendered)
    }

    fn render_for(
        &self,
        cause: &Expr,
        names: Names<'_>,
        collection: &Expr,
        body: &[TemplatePart],
        env: Env<'_>,
    ) -> Result<Rendered, Diagnostics> {
        let (collection, marks) = match self.items(collection, cause, env)? {
            Items::Known(collection, marks) => (collection, marks),
            Items::Unknown(marks) => {
                return Ok(Rendered { unknown: true, marks, ..Rendered::default() });
            }
        };
        let mut rendered = Rendered { marks, ..Rendered::default() };
        let mut problems = Diagnostics::new();
        each(&collection, names, env, &mut |env| {
            if let Some(part) = problems.collect(self.render_parts(cause, body, env)) {
                rendered.append(part);
            }
        });
        if problems.has_errors() { Err(problems) } else { Ok(rendered) }
    }
}

impl Rendered {
    fn push(&mut self, text: &str) {
        if !self.unknown {
            self.text.push_str(text);
        }
    }

    fn append(&mut self, part: Rendered) {
        self.push(&part.text);
        self.unknown |= part.unknown;
        self.marks = self.marks | part.marks;
    }

    fn into_value(self) -> Value {
        if !self.unknown {
            return Value::String(Str::from(self.text)).with_marks(self.marks);
        }
        let prefix = safe_prefix(&self.text);
        let prefix = (!prefix.is_empty()).then(|| Str::new(prefix));
        let refined = Refinements { not_null: true, prefix, ..Refinements::default() };
        Value::refined(Type::String, refined).with_marks(self.marks)
    }
}

/// The part of `text` that what follows cannot change: without the last grapheme cluster, unless
/// that is a sign nothing combines with.
fn safe_prefix(text: &str) -> &str {
    let mut end = text.len().min(PREFIX_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let Some((at, last)) = text.grapheme_indices(true).next_back() else { return text };
    let is_delimiter = last.len() == 1 && r##"-_:;/\,.(){}[]|?!~ @#$%^&*+"'"##.contains(last);
    if is_delimiter || last == "\t" { text } else { &text[..at] }
}

/// The variables of `templatefile` and `templatestring`.
struct Variables<'a>(&'a Value);

impl Scope for Variables<'_> {
    fn resolve(
        &self,
        reference: &Reference,
        _key: &mut dyn FnMut(&Expr) -> Evaluated,
    ) -> Result<Resolved, Diagnostics> {
        let value = self.0.get(&reference.root).cloned().unwrap_or(Value::NULL);
        Ok(Resolved { value, consumed: 0 })
    }
}

/// See [`super::render_template`].
pub(super) fn render(
    parts: &[TemplatePart],
    span: Span,
    variables: &Value,
    functions: &FunctionContext<'_>,
    sources: &SourceMap,
) -> Result<Value, FunctionError> {
    let wrong_variables = |message: String| Err(FunctionError::argument(1, message));
    let (variables, marks) = variables.clone().unmark();
    let Some(entries) = variables.as_entries() else {
        return wrong_variables("invalid vars value: must be a map".to_owned());
    };
    if let Some(name) = entries.keys().find(|name| !is_identifier(name)) {
        return wrong_variables(format!(
            "invalid template variable name {:?}: must start with a letter, followed by zero or \
             more letters, digits, and underscores",
            name.as_str()
        ));
    }
    let lone = match parts {
        [TemplatePart::Interpolation(inner)] => Some(inner.clone()),
        _ => None,
    };
    let expr = lone.unwrap_or_else(|| Expr { kind: ExprKind::Template(parts.to_vec()), span });
    for reference in super::references(&expr) {
        if !entries.contains_key(&reference.root) {
            return wrong_variables(format!(
                "vars map does not contain key {:?}, referenced at {}",
                reference.root.as_str(),
                place(&sources.range(reference.root_span)),
            ));
        }
    }
    let run = Run {
        scope: Some(&Variables(&variables)),
        functions: Some(functions),
        sources,
        depth: Cell::new(0),
        quiet: Cell::new(true),
        in_template: true,
    };
    match run.eval(&expr, Env::ROOT) {
        Ok(value) => Ok(value.with_marks(marks)),
        Err(problems) => Err(FunctionError::new(first_problem(&problems))),
    }
}

/// The first problem in one sentence, with its place.
pub(super) fn first_problem(problems: &Diagnostics) -> String {
    let Some(problem) = problems.iter().find(|problem| problem.is_error()) else {
        return "the template cannot be rendered".to_owned();
    };
    let place = problem.subject.as_ref().map(|subject| format!("{}: ", place(subject)));
    let place = place.unwrap_or_default();
    format!("{place}{}; {}", problem.summary, problem.detail.trim_end_matches('.'))
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-')
}
