//! Compiled patterns, kept for the next call: a pattern is usually applied to many instances.

use std::cell::RefCell;
use std::rc::Rc;

use super::translate::{PatternError, translate};

/// How many patterns each thread keeps.
const KEPT_MAX: usize = 32;

/// A pattern, ready to be used.
pub(super) struct Compiled {
    pub(super) regex: regex::Regex,
    /// Names of the groups, from the first.
    pub(super) names: Vec<Option<String>>,
}

thread_local! {
    static KEPT: RefCell<Vec<(String, Rc<Compiled>)>> = const { RefCell::new(Vec::new()) };
}

/// Compiles a pattern, or finds it.
pub(super) fn compiled(pattern: &str) -> Result<Rc<Compiled>, PatternError> {
    let found = KEPT.with_borrow(|kept| {
        kept.iter().find(|(text, _)| text == pattern).map(|(_, compiled)| Rc::clone(compiled))
    });
    if let Some(found) = found {
        return Ok(found);
    }
    let (translated, names) = translate(pattern)?;
    let regex = regex::Regex::new(&translated)
        .map_err(|_| PatternError::new("expression is too large or not supported", pattern))?;
    let compiled = Rc::new(Compiled { regex, names });
    KEPT.with_borrow_mut(|kept| {
        if kept.len() == KEPT_MAX {
            kept.remove(0);
        }
        kept.push((pattern.to_owned(), Rc::clone(&compiled)));
    });
    Ok(compiled)
}
