//! Unification: the one type that several types convert to (go-cty `convert.UnifyUnsafe`).

use crate::Type;

/// The type that all of `types` convert to, or `None`. `true ? [1] : ["a"]` needs it, as do list
/// constructors of functions.
pub fn unify(_types: &[Type]) -> Option<Type> {
    todo!()
}
