//! Says in words how the two branches of a conditional differ in type.

use kprov_core::Type;

/// One sentence without its full stop.
pub(super) fn mismatch(a: &Type, b: &Type) -> String {
    inner(a, b).unwrap_or_else(|| {
        format!(
            "The 'true' value is {}, but the 'false' value is {}",
            a.friendly_name(),
            b.friendly_name()
        )
    })
}

/// For two types of one kind: where inside they differ.
fn inner(a: &Type, b: &Type) -> Option<String> {
    match (a, b) {
        (Type::Object(x), Type::Object(y)) => {
            for (name, ty) in x.attributes() {
                match y.get(name) {
                    None => {
                        return Some(format!(
                            "The 'true' value includes object attribute {:?}, which is absent in \
                             the 'false' value",
                            name.as_str()
                        ));
                    }
                    Some(other) if other != ty => {
                        return Some(format!(
                            "Type mismatch for object attribute {:?}: {}",
                            name.as_str(),
                            mismatch(ty, other)
                        ));
                    }
                    Some(_) => {}
                }
            }
            let extra = y.attributes().iter().find(|(name, _)| x.get(name).is_none())?;
            Some(format!(
                "The 'false' value includes object attribute {:?}, which is absent in the 'true' \
                 value",
                extra.0.as_str()
            ))
        }
        (Type::Tuple(x), Type::Tuple(y)) if x.len() != y.len() => Some(format!(
            "The 'true' tuple has length {}, but the 'false' tuple has length {}",
            x.len(),
            y.len()
        )),
        (Type::Tuple(x), Type::Tuple(y)) => {
            let at = x.iter().zip(y.iter()).position(|(x, y)| x != y)?;
            Some(format!("Type mismatch for tuple element {at}: {}", mismatch(&x[at], &y[at])))
        }
        (Type::List(x), Type::List(y)) => {
            Some(format!("Mismatched list element types: {}", mismatch(x, y)))
        }
        (Type::Set(x), Type::Set(y)) => {
            Some(format!("Mismatched set element types: {}", mismatch(x, y)))
        }
        (Type::Map(x), Type::Map(y)) => {
            Some(format!("Mismatched map element types: {}", mismatch(x, y)))
        }
        _ => None,
    }
}
