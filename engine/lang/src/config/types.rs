//! Type constraints: `map(object({a = optional(string, "x")}))` as a type and its defaults.

mod defaults;
#[cfg(test)]
mod tests;

pub use defaults::Defaults;

use std::collections::BTreeMap;
use std::fmt;

use kprov_core::value::{ConvertError, convert};
use kprov_core::{Diagnostic, Diagnostics, ObjectType, Str, Type, Value};

use crate::ast::{Call, Expr, ExprKind, ObjectItem, ObjectKey};
use crate::eval::evaluate_constant;
use crate::{SourceMap, Span};

const INVALID: &str = "Invalid type specification";

/// A type and the defaults of its optional attributes.
#[derive(Clone, Debug)]
pub struct TypeConstraint {
    /// The type; objects say which attributes are optional.
    pub ty: Type,
    /// Defaults, where there are any.
    pub defaults: Option<Box<Defaults>>,
}

impl TypeConstraint {
    /// `any`
    pub fn any() -> TypeConstraint {
        TypeConstraint { ty: Type::Dynamic, defaults: None }
    }

    /// Applies the defaults, then converts to the type.
    ///
    /// # Errors
    /// The first part that does not fit.
    pub fn convert(&self, value: &Value) -> Result<Value, ConvertError> {
        match &self.defaults {
            Some(defaults) => convert(&defaults.apply(value), &self.ty),
            None => convert(value, &self.ty),
        }
    }

    fn plain(ty: Type) -> TypeConstraint {
        TypeConstraint { ty, defaults: None }
    }
}

/// The type as the language writes it.
impl fmt::Display for TypeConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ty.fmt(f)
    }
}

/// Reads a type expression.
///
/// # Errors
/// "Invalid type specification" with what was expected.
pub fn type_from_expr(expr: &Expr, sources: &SourceMap) -> Result<TypeConstraint, Diagnostics> {
    if let ExprKind::Literal(Value::String(text)) = &expr.kind {
        return Err(quoted(text, expr.span, sources).into());
    }
    // The forms of Terraform 0.11, still accepted at the top.
    match keyword(expr) {
        Some("list") => return Ok(TypeConstraint::plain(Type::list(Type::Dynamic))),
        Some("map") => return Ok(TypeConstraint::plain(Type::map(Type::Dynamic))),
        _ => {}
    }
    let mut reader = Reader { sources, problems: Diagnostics::new() };
    let constraint = reader.read(expr);
    if reader.problems.has_errors() { Err(reader.problems) } else { Ok(constraint) }
}

/// `type = "list"`, as Terraform 0.11 wanted it.
fn quoted(text: &str, span: Span, sources: &SourceMap) -> Diagnostic {
    let place = sources.range(span);
    let instead = match text {
        "string" => "Remove the quotes around \"string\".",
        "list" => {
            "Remove the quotes around \"list\" and write list(string) instead to explicitly \
             indicate that the list elements are strings."
        }
        "map" => {
            "Remove the quotes around \"map\" and write map(string) instead to explicitly \
             indicate that the map elements are strings."
        }
        _ => {
            let detail = "To provide a full type expression, remove the surrounding quotes and \
                          give the type expression directly.";
            return Diagnostic::error("Invalid legacy variable type hint", detail).at(place);
        }
    };
    let detail = format!(
        "Terraform 0.11 and earlier required type constraints to be given in quotes, but that form \
         is now deprecated and will be removed in a future version of Terraform. {instead}"
    );
    Diagnostic::error("Invalid quoted type constraints", detail).at(place)
}

/// A lone name.
fn keyword(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Reference(reference) if reference.steps.is_empty() => Some(&reference.root),
        // The parser makes a value of `null`, `true` and `false`.
        ExprKind::Literal(Value::Null(_)) => Some("null"),
        ExprKind::Literal(Value::Bool(true)) => Some("true"),
        ExprKind::Literal(Value::Bool(false)) => Some("false"),
        _ => None,
    }
}

/// Reads types, collecting what is wrong; a wrong part reads as `any`.
struct Reader<'a> {
    sources: &'a SourceMap,
    problems: Diagnostics,
}

impl Reader<'_> {
    fn refuse(&mut self, detail: impl Into<String>, span: Span) -> TypeConstraint {
        self.problems.push(Diagnostic::error(INVALID, detail).at(self.sources.range(span)));
        TypeConstraint::any()
    }

    fn read(&mut self, expr: &Expr) -> TypeConstraint {
        if let Some(word) = keyword(expr) {
            return match word {
                "bool" => TypeConstraint::plain(Type::Bool),
                "number" => TypeConstraint::plain(Type::Number),
                "string" => TypeConstraint::plain(Type::String),
                "any" => TypeConstraint::any(),
                _ => match wanted_argument(word) {
                    Some(detail) => self.refuse(detail, expr.span),
                    None => self.refuse(
                        format!("The keyword {word:?} is not a valid type specification."),
                        expr.span,
                    ),
                },
            };
        }
        let ExprKind::Call(call) = &expr.kind else {
            let detail = "A type specification is either a primitive type keyword (bool, number, \
                          string) or a complex type constructor call, like list(string).";
            return self.refuse(detail, expr.span);
        };
        self.read_call(expr, call)
    }

    fn read_call(&mut self, expr: &Expr, call: &Call) -> TypeConstraint {
        let name = call.name.as_str();
        match name {
            "bool" | "number" | "string" => {
                let detail = format!("Primitive type keyword {name:?} does not expect arguments.");
                return self.refuse(detail, expr.span);
            }
            "any" => {
                let detail = "Type constraint keyword \"any\" does not expect arguments.";
                return self.refuse(detail, expr.span);
            }
            "optional" => {
                let detail =
                    "Keyword \"optional\" is valid only as a modifier for object type attributes.";
                return self.refuse(detail, expr.span);
            }
            _ => {}
        }
        let Some(wanted) = wanted_argument(name) else {
            let detail = format!("Keyword {name:?} is not a valid type constructor.");
            return self.refuse(detail, call.name_span);
        };
        let [argument] = call.arguments.as_slice() else {
            return self.refuse(wanted, expr.span);
        };
        match name {
            "list" => self.read_element(argument, Type::list),
            "set" => self.read_element(argument, Type::set),
            "map" => self.read_element(argument, Type::map),
            "object" => self.read_object(argument),
            _ => self.read_tuple(argument),
        }
    }

    fn read_element(&mut self, argument: &Expr, collection: fn(Type) -> Type) -> TypeConstraint {
        let element = self.read(argument);
        let defaults = element.defaults.map(|child| {
            let children = BTreeMap::from([(Str::new(""), *child)]);
            Box::new(Defaults { values: BTreeMap::new(), children })
        });
        TypeConstraint { ty: collection(element.ty), defaults }
    }

    fn read_tuple(&mut self, argument: &Expr) -> TypeConstraint {
        let ExprKind::Tuple(items) = &argument.kind else {
            let detail = "Tuple type constructor requires a list of element types.";
            return self.refuse(detail, argument.span);
        };
        let mut types = Vec::with_capacity(items.len());
        let mut defaults = Defaults::default();
        for (at, item) in items.iter().enumerate() {
            let element = self.read(item);
            types.push(element.ty);
            if let Some(child) = element.defaults {
                defaults.children.insert(Str::from(at.to_string()), *child);
            }
        }
        TypeConstraint { ty: Type::tuple(types), defaults: boxed(defaults) }
    }

    fn read_object(&mut self, argument: &Expr) -> TypeConstraint {
        let ExprKind::Object(items) = &argument.kind else {
            let detail = "Object type constructor requires a map whose keys are attribute names \
                          and whose values are the corresponding attribute types.";
            return self.refuse(detail, argument.span);
        };
        let mut attributes = Vec::with_capacity(items.len());
        let mut optional = Vec::new();
        let mut defaults = Defaults::default();
        for item in items {
            let Some(name) = self.attribute_name(item) else { continue };
            let (ty, default) = match &item.value.kind {
                ExprKind::Call(call) if call.name == "optional" => {
                    let Some((ty, default)) = self.optional_parts(call, item.value.span) else {
                        continue;
                    };
                    optional.push(name.clone());
                    (ty, default)
                }
                _ => (&item.value, None),
            };
            let attribute = self.read(ty);
            if let Some(default) = default.and_then(|default| self.default(default, &attribute.ty))
            {
                defaults.values.insert(name.clone(), default);
            }
            if let Some(child) = attribute.defaults {
                defaults.children.insert(name.clone(), *child);
            }
            attributes.push((name, attribute.ty));
        }
        let ty = Type::Object(ObjectType::with_optional(attributes, optional).into());
        TypeConstraint { ty, defaults: boxed(defaults) }
    }

    fn attribute_name(&mut self, item: &ObjectItem) -> Option<Str> {
        match &item.key {
            ObjectKey::Name(name, _) => Some(name.clone()),
            ObjectKey::Expr(expr) => {
                let detail = "Object constructor map keys must be attribute names.";
                self.refuse(detail, expr.span);
                None
            }
        }
    }

    /// `optional(T)` or `optional(T, default)`.
    fn optional_parts<'e>(
        &mut self,
        call: &'e Call,
        span: Span,
    ) -> Option<(&'e Expr, Option<&'e Expr>)> {
        match call.arguments.as_slice() {
            [ty] => Some((ty, None)),
            [ty, default] => Some((ty, Some(default))),
            [] => {
                let detail =
                    "Optional attribute modifier requires the attribute type as its argument.";
                self.refuse(detail, span);
                None
            }
            [ty, ..] => {
                let detail = "Optional attribute modifier expects at most two arguments: the \
                              attribute type, and a default value.";
                self.refuse(detail, span);
                Some((ty, None))
            }
        }
    }

    /// The default, a constant, converted to the attribute's type.
    fn default(&mut self, expr: &Expr, ty: &Type) -> Option<Value> {
        let value = self.problems.collect(evaluate_constant(expr, self.sources))?;
        match convert(&value, ty) {
            Ok(value) => Some(value),
            Err(error) => {
                let detail = format!(
                    "This default value is not compatible with the attribute's type constraint: {}.",
                    error.message
                );
                let summary = "Invalid default value for optional attribute";
                let place = self.sources.range(expr.span);
                self.problems.push(Diagnostic::error(summary, detail).at(place));
                None
            }
        }
    }
}

fn boxed(defaults: Defaults) -> Option<Box<Defaults>> {
    let some = !defaults.values.is_empty() || !defaults.children.is_empty();
    some.then(|| Box::new(defaults))
}

/// What a type constructor wants as its argument; `None` if it is no constructor.
fn wanted_argument(constructor: &str) -> Option<String> {
    match constructor {
        "list" | "set" | "map" => Some(format!(
            "The {constructor} type constructor requires one argument specifying the element type."
        )),
        "object" => Some(
            "The object type constructor requires one argument specifying the attribute types and \
             values as a map."
                .to_owned(),
        ),
        "tuple" => Some(
            "The tuple type constructor requires one argument specifying the element types as a \
             list."
                .to_owned(),
        ),
        _ => None,
    }
}
