//! [`Type`]: the type system of the language (go-cty's, as Terraform uses it).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Str;

/// The type of a value.
///
/// `Dynamic` is Terraform's `any`: the type of an unknown value of which nothing is known, of an
/// untyped `null`, and the wish "whatever it is" in a conversion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Type {
    /// Any type, not known yet.
    Dynamic,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// `list(T)`
    List(Arc<Type>),
    /// `set(T)`
    Set(Arc<Type>),
    /// `map(T)`
    Map(Arc<Type>),
    /// `tuple([T, ...])`
    Tuple(Arc<[Type]>),
    /// `object({name = T, ...})`
    Object(Arc<ObjectType>),
}

/// The attributes of an object type, sorted by name.
///
/// `optional` is non-empty only in type constraints; the type of a value never has any.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectType {
    attributes: Vec<(Str, Type)>,
    optional: Vec<Str>,
}

impl ObjectType {
    /// Sorts `attributes`; of two with one name the last wins.
    pub fn new(attributes: impl IntoIterator<Item = (Str, Type)>) -> ObjectType {
        ObjectType::with_optional(attributes, [])
    }

    /// An object type constraint in which `optional` may be left out.
    pub fn with_optional(
        attributes: impl IntoIterator<Item = (Str, Type)>,
        optional: impl IntoIterator<Item = Str>,
    ) -> ObjectType {
        let sorted: std::collections::BTreeMap<Str, Type> = attributes.into_iter().collect();
        let mut optional: Vec<Str> = optional.into_iter().collect();
        optional.sort();
        optional.dedup();
        ObjectType { attributes: sorted.into_iter().collect(), optional }
    }

    /// Attributes in name order.
    pub fn attributes(&self) -> &[(Str, Type)] {
        &self.attributes
    }

    /// The type of one attribute.
    pub fn get(&self, name: &str) -> Option<&Type> {
        let at = self.attributes.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        Some(&self.attributes[at].1)
    }

    /// May the attribute be left out of a value that is converted to this type?
    pub fn is_optional(&self, name: &str) -> bool {
        self.optional.binary_search_by(|key| key.as_str().cmp(name)).is_ok()
    }

    /// Names of the optional attributes, sorted.
    pub fn optional(&self) -> &[Str] {
        &self.optional
    }
}

impl Type {
    /// `list(element)`
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    /// `set(element)`
    pub fn set(element: Type) -> Type {
        Type::Set(Arc::new(element))
    }

    /// `map(element)`
    pub fn map(element: Type) -> Type {
        Type::Map(Arc::new(element))
    }

    /// `tuple([...])`
    pub fn tuple(elements: impl IntoIterator<Item = Type>) -> Type {
        Type::Tuple(elements.into_iter().collect())
    }

    /// `object({...})`
    pub fn object<K: Into<Str>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Type {
        let attributes = attributes.into_iter().map(|(name, ty)| (name.into(), ty));
        Type::Object(Arc::new(ObjectType::new(attributes)))
    }

    /// bool, number or string?
    pub fn is_primitive(&self) -> bool {
        matches!(self, Type::Bool | Type::Number | Type::String)
    }

    /// list, set or map?
    pub fn is_collection(&self) -> bool {
        matches!(self, Type::List(_) | Type::Set(_) | Type::Map(_))
    }

    /// The element type of a list, set or map.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::List(element) | Type::Set(element) | Type::Map(element) => Some(element),
            _ => None,
        }
    }

    /// Does `Dynamic` occur anywhere inside?
    pub fn has_dynamic(&self) -> bool {
        match self {
            Type::Dynamic => true,
            Type::Bool | Type::Number | Type::String => false,
            Type::List(element) | Type::Set(element) | Type::Map(element) => element.has_dynamic(),
            Type::Tuple(elements) => elements.iter().any(Type::has_dynamic),
            Type::Object(object) => object.attributes.iter().any(|(_, ty)| ty.has_dynamic()),
        }
    }

    /// The same type without optional attributes, as the type of a value has it.
    pub fn without_optional(&self) -> Type {
        match self {
            Type::Dynamic | Type::Bool | Type::Number | Type::String => self.clone(),
            Type::List(element) => Type::list(element.without_optional()),
            Type::Set(element) => Type::set(element.without_optional()),
            Type::Map(element) => Type::map(element.without_optional()),
            Type::Tuple(elements) => Type::tuple(elements.iter().map(Type::without_optional)),
            Type::Object(object) => Type::object(
                object.attributes.iter().map(|(name, ty)| (name.clone(), ty.without_optional())),
            ),
        }
    }

    /// The word Terraform's messages use: "string", "list of number", "object", "tuple" ...
    pub fn friendly_name(&self) -> String {
        match self {
            Type::Dynamic => "dynamic".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Number => "number".to_owned(),
            Type::String => "string".to_owned(),
            Type::List(element) => format!("list of {}", element.friendly_name()),
            Type::Set(element) => format!("set of {}", element.friendly_name()),
            Type::Map(element) => format!("map of {}", element.friendly_name()),
            Type::Tuple(_) => "tuple".to_owned(),
            Type::Object(_) => "object".to_owned(),
        }
    }

    /// The same, for a type that is wanted: "any type", "list of any single type".
    pub fn constraint_name(&self) -> String {
        let element = |element: &Type| match element {
            Type::Dynamic => "any single type".to_owned(),
            element => element.constraint_name(),
        };
        match self {
            Type::Dynamic => "any type".to_owned(),
            Type::List(inner) => format!("list of {}", element(inner)),
            Type::Set(inner) => format!("set of {}", element(inner)),
            Type::Map(inner) => format!("map of {}", element(inner)),
            other => other.friendly_name(),
        }
    }
}

/// Prints the type as the language writes it: `map(object({a=string}))`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Dynamic => f.write_str("any"),
            Type::Bool => f.write_str("bool"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::List(element) => write!(f, "list({element})"),
            Type::Set(element) => write!(f, "set({element})"),
            Type::Map(element) => write!(f, "map({element})"),
            Type::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (i, element) in elements.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{element}")?;
                }
                f.write_str("])")
            }
            Type::Object(object) => {
                f.write_str("object({")?;
                for (i, (name, ty)) in object.attributes.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    if object.is_optional(name) {
                        write!(f, "{name}=optional({ty})")?;
                    } else {
                        write!(f, "{name}={ty}")?;
                    }
                }
                f.write_str("})")
            }
        }
    }
}
