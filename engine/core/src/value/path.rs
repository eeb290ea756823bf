//! [`Path`]: where inside a value something is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Number, Str, Value};

/// Steps from a value to a part of it. Empty: the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path(pub Vec<PathStep>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathStep {
    /// An attribute of an object.
    Attribute(Str),
    /// An entry of a map.
    Key(Str),
    /// An item of a list or tuple.
    Index(u64),
    /// An item of a set, told by its value.
    Item(Value),
}

impl Path {
    /// The path of the whole value.
    pub fn root() -> Path {
        Path::default()
    }

    /// The path of a top-level attribute.
    pub fn attribute(name: impl Into<Str>) -> Path {
        Path(vec![PathStep::Attribute(name.into())])
    }

    /// This path, one step longer.
    pub fn then(&self, step: PathStep) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }

    /// The part of `value` that the path leads to; `None` where it leads nowhere. Marks on the way
    /// are looked through.
    pub fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        let mut here = value;
        for step in &self.0 {
            here = match step {
                PathStep::Attribute(name) | PathStep::Key(name) => here.get(name)?,
                PathStep::Index(index) => {
                    here.bare().as_items()?.get(usize::try_from(*index).ok()?)?
                }
                PathStep::Item(item) => here.bare().as_items()?.iter().find(|it| *it == item)?,
            };
        }
        Some(here)
    }

    /// Is this path the same as `other`, or does it lead to something that contains it?
    pub fn is_prefix_of(&self, other: &Path) -> bool {
        other.0.len() >= self.0.len() && self.0 == other.0[..self.0.len()]
    }
}

impl PathStep {
    /// The step as a value: the name, the key, the index or the item.
    pub fn to_value(&self) -> Value {
        match self {
            PathStep::Attribute(name) | PathStep::Key(name) => Value::String(name.clone()),
            PathStep::Index(index) => Value::Number(Number::from(*index)),
            PathStep::Item(item) => item.clone(),
        }
    }
}

/// As in an expression: `.tags["Name"]`, `.rules[0].port`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                PathStep::Attribute(name) => write!(f, ".{name}")?,
                PathStep::Key(key) => write!(f, "[{:?}]", key.as_str())?,
                PathStep::Index(index) => write!(f, "[{index}]")?,
                PathStep::Item(_) => f.write_str("[...]")?,
            }
        }
        Ok(())
    }
}
