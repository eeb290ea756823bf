//! Tags of IAM's objects: sorted by nothing, kept in the order in which they came.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::around::call::Call;
use crate::wire::fault::Fault;

/// Keys and values.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tags(Vec<(String, String)>);

impl Tags {
    /// The `Tags` member of a call, checked.
    pub(super) fn of(call: &Call<'_>) -> Result<Tags, Fault> {
        let mut tags = Tags::default();
        tags.add(call)?;
        Ok(tags)
    }

    /// Adds the `Tags` of a call; a key that is there gets the new value.
    pub(super) fn add(&mut self, call: &Call<'_>) -> Result<(), Fault> {
        for tag in call.list("Tags") {
            let part = |name: &str| tag[name].as_str().unwrap_or_default().to_owned();
            let (key, value) = (part("Key"), part("Value"));
            if key.to_ascii_lowercase().starts_with("aws:") {
                let message = "System tags cannot be added/updated by requester";
                return Err(Fault::new("InvalidInput", message));
            }
            match self.0.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => known.1 = value,
                None => self.0.push((key, value)),
            }
        }
        if self.0.len() > 50 {
            let message = "The number of tags has reached the maximum limit.";
            return Err(Fault::new("LimitExceeded", message).status(409));
        }
        Ok(())
    }

    /// Takes the `TagKeys` of a call away.
    pub(super) fn remove(&mut self, call: &Call<'_>) {
        let keys = call.strings("TagKeys");
        self.0.retain(|(key, _)| !keys.contains(key));
    }

    /// As answers have them.
    pub(super) fn answer(&self) -> Value {
        self.0.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
    }
}
