//! Tags of IAM's objects: kept in the order in which they came. The tag actions of all kinds are these three.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::around::call::Call;
use crate::wire::fault::{Fault, Outcome};

/// Keys and values.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Tags(Vec<(String, String)>);

/// The tags of the object that a call names.
pub(super) type Owned = for<'c, 'w> fn(&'c mut Call<'w>) -> Result<&'c mut Tags, Fault>;

/// `Tag*`: adds tags.
pub(super) fn tag(call: &mut Call<'_>, owned: Owned) -> Outcome {
    let mut tags = owned(call)?.clone();
    tags.add(call)?;
    *owned(call)? = tags;
    Ok(json!({}))
}

/// `Untag*`: takes tags away.
pub(super) fn untag(call: &mut Call<'_>, owned: Owned) -> Outcome {
    let keys = call.strings("TagKeys");
    owned(call)?.0.retain(|(key, _)| !keys.contains(key));
    Ok(json!({}))
}

/// `List*Tags`.
pub(super) fn list(call: &mut Call<'_>, owned: Owned) -> Outcome {
    let tags = owned(call)?.answer();
    Ok(json!({"Tags": tags, "IsTruncated": false}))
}

impl Tags {
    /// The `Tags` member of a call, checked.
    pub(super) fn of(call: &Call<'_>) -> Result<Tags, Fault> {
        let mut tags = Tags::default();
        tags.add(call)?;
        Ok(tags)
    }

    // Adds the `Tags` of a call; a key that is there gets the new value.
    fn add(&mut self, call: &Call<'_>) -> Result<(), Fault> {
        let mut seen = std::collections::BTreeSet::new();
        for tag in call.list("Tags") {
            let part = |name: &str| tag[name].as_str().unwrap_or_default().to_owned();
            let (key, value) = (part("Key"), part("Value"));
            if key.to_ascii_lowercase().starts_with("aws:") {
                let message = "System tags cannot be added/updated by requester";
                return Err(Fault::new("InvalidInput", message));
            }
            if !seen.insert(key.to_ascii_lowercase()) {
                let message =
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
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

    /// As answers have them.
    pub(super) fn answer(&self) -> Value {
        self.0.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
    }
}
