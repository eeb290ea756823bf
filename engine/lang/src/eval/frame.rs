//! [`Env`]: the variables bound by `for`, as frames linked on the evaluator's own stack.

use kprov_core::{Str, Value};

/// The innermost frame; copying it copies a pointer.
#[derive(Clone, Copy)]
pub(super) struct Env<'e>(Option<&'e Frame<'e>>);

/// The variables of one `for`, in one round.
pub(super) struct Frame<'e> {
    pub(super) outer: Env<'e>,
    pub(super) key: Option<(&'e Str, &'e Value)>,
    pub(super) value: (&'e Str, &'e Value),
}

impl<'e> Env<'e> {
    /// No variable is bound.
    pub(super) const ROOT: Env<'static> = Env(None);

    /// With a frame more.
    pub(super) fn within(frame: &'e Frame<'e>) -> Env<'e> {
        Env(Some(frame))
    }

    /// The value of a bound variable. Where key and value have one name, the value wins.
    pub(super) fn find(self, name: &str) -> Option<&'e Value> {
        let mut here = self;
        while let Some(frame) = here.0 {
            if frame.value.0 == name {
                return Some(frame.value.1);
            }
            match frame.key {
                Some((key, value)) if key == name => return Some(value),
                _ => here = frame.outer,
            }
        }
        None
    }
}
