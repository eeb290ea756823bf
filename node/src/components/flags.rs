//! Flags in the order of their making; those of the document replace ours of the same name.

use crate::document::Flags as Extra;

#[derive(Debug, Default)]
pub(super) struct Flags(Vec<(String, String)>);

impl Flags {
    pub(super) fn set(&mut self, name: &str, value: impl ToString) -> &mut Flags {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    pub(super) fn arguments(&self, extra: &Extra) -> Vec<String> {
        let own = self.0.iter().filter(|(name, _)| !extra.contains_key(name));
        let all = own.map(|(name, value)| (name, value)).chain(extra);
        all.map(|(name, value)| format!("--{name}={value}")).collect()
    }
}
