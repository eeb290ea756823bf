//! Type constraints: `map(object({a = optional(string, "x")}))` as a type and its defaults.

use kprov_core::{Diagnostics, Str, Type, Value};

use crate::SourceMap;
use crate::ast::Expr;

/// A type and the defaults of its optional attributes.
#[derive(Clone, Debug)]
pub struct TypeConstraint {
    /// The type; objects say which attributes are optional.
    pub ty: Type,
    /// Defaults, where there are any.
    pub defaults: Option<Box<Defaults>>,
}

/// Defaults of optional attributes, shaped like the type (HCL `typeexpr.Defaults`).
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// Defaults of this object's attributes.
    pub values: std::collections::BTreeMap<Str, Value>,
    /// Defaults inside an attribute (object), or inside each element (collections, key "").
    pub children: std::collections::BTreeMap<Str, Defaults>,
}

impl Defaults {
    /// Puts defaults where `value` has null or nothing, depth first; before conversion.
    pub fn apply(&self, _value: &Value) -> Value {
        todo!()
    }
}

impl TypeConstraint {
    /// `any`
    pub fn any() -> TypeConstraint {
        TypeConstraint { ty: Type::Dynamic, defaults: None }
    }
}

/// Reads a type expression.
///
/// # Errors
/// "Invalid type specification" with what was expected.
pub fn type_from_expr(_expr: &Expr, _sources: &SourceMap) -> Result<TypeConstraint, Diagnostics> {
    todo!()
}
