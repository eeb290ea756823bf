//! [`Secret`]: a text that is used and never shown.

use std::fmt;

use kprov_core::Str;

/// A text that `Debug` does not print. It has no `Display` either.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Str);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: &str) -> Secret {
        Secret(Str::new(text))
    }

    /// The text, for whoever uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(sensitive value)")
    }
}
