//! [`TagRules`]: default_tags and ignore_tags, and which of AWS's tags are shown.
//!
//! `tags` is what the resource says, `tags_all` what it has: default_tags under `tags`. Hidden in
//! both: `aws:` tags, which are AWS's, [`OPERATION`], by which settle finds what was made, and those of
//! rotations.

use std::collections::BTreeMap;

use kprov_core::{Str, Type, Value};

use crate::autoscaling::group::rotation::marks;
use crate::fields::Fields;

/// The tag that carries the token of the create.
pub(crate) const OPERATION: &str = "kprov:op";

/// Tags by which rotations say what they are about; they come and go.
const OF_ROTATIONS: [&str; 3] = [marks::MARK, marks::BEFORE, marks::SUBNETS];

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// default_tags and ignore_tags of a provider configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagRules {
    pub(crate) defaults: Tags,
    pub(crate) ignored_keys: Vec<String>,
    pub(crate) ignored_prefixes: Vec<String>,
}

impl TagRules {
    /// From the provider's configuration; its known parts.
    pub(crate) fn of(provider: Fields<'_>) -> TagRules {
        let defaults = provider.block("default_tags").map(|block| block.map("tags"));
        let ignored = provider.block("ignore_tags");
        TagRules {
            defaults: defaults.unwrap_or_default(),
            ignored_keys: ignored.map(|block| block.strings("keys")).unwrap_or_default(),
            ignored_prefixes: ignored
                .map(|block| block.strings("key_prefixes"))
                .unwrap_or_default(),
        }
    }

    /// Is the tag of that key none of ours to show or change?
    pub(crate) fn hides(&self, key: &str) -> bool {
        key == OPERATION
            || OF_ROTATIONS.contains(&key)
            || key.starts_with("aws:")
            || self.ignored_keys.iter().any(|ignored| ignored == key)
            || self.ignored_prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()))
    }

    /// What the object shall have, of what its resource says.
    pub(crate) fn all(&self, tags: &Tags) -> Tags {
        let both = self.defaults.iter().chain(tags);
        both.filter(|(key, _)| !self.hides(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    /// Keys of tags that an object has beside the wanted ones, as far as they are shown.
    pub(crate) fn others(&self, actual: &Tags, wanted: &Tags) -> Vec<String> {
        let others = actual.keys().filter(|key| !self.hides(key) && !wanted.contains_key(*key));
        others.cloned().collect()
    }

    /// `tags` and `tags_all` of what AWS says, knowing what `tags` was before.
    pub(crate) fn shown(&self, actual: &Tags, before: &Value) -> (Value, Value) {
        let all: Tags = actual
            .iter()
            .filter(|(key, _)| !self.hides(key))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let mut own = all.clone();
        own.retain(|key, value| before.get(key).is_some() || self.defaults.get(key) != Some(value));
        // What the resource says and AWS does not tell us because it is ignored is as it says.
        for (key, value) in before.as_entries().into_iter().flatten() {
            if self.hides(key)
                && let Some(text) = value.as_str()
            {
                own.insert(key.as_str().to_owned(), text.to_owned());
            }
        }
        let own = if own.is_empty() && before.is_null() {
            Value::Null(Type::map(Type::String))
        } else {
            value(&own)
        };
        (own, value(&all))
    }

    /// `tags_all` in a plan: unknown in whole or in part where `tags` or default_tags are.
    pub(crate) fn planned(&self, provider: &Value, tags: &Value) -> Value {
        let text_map = || Type::map(Type::String);
        let defaults =
            Fields(provider).block("default_tags").map(|block| block.get("tags").clone());
        let defaults = defaults.unwrap_or(Value::Null(text_map()));
        if !defaults.is_known()
            || !tags.is_known()
            || !Fields(provider).get("default_tags").is_known()
        {
            return Value::unknown(text_map());
        }
        let mut all: BTreeMap<Str, Value> = BTreeMap::new();
        for source in [&defaults, tags] {
            let entries = source.as_entries().into_iter().flatten();
            all.extend(entries.map(|(key, value)| (key.clone(), value.clone())));
        }
        all.retain(|key, value| !self.hides(key) && !value.is_null());
        Value::map(Type::String, all.into_iter().collect())
    }
}

/// Tags as a value.
pub(crate) fn value(tags: &Tags) -> Value {
    let entries = tags.iter().map(|(key, text)| (Str::from(key), Value::string(text.as_str())));
    Value::map(Type::String, entries.collect())
}

/// What to remove and what to write to come from one to the other.
pub(crate) fn difference(old: &Tags, new: &Tags) -> (Vec<String>, Tags) {
    let removed = old.keys().filter(|key| !new.contains_key(*key)).cloned().collect();
    let written = new.iter().filter(|(key, value)| old.get(*key) != Some(value));
    (removed, written.map(|(key, value)| (key.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn rules() -> TagRules {
        TagRules {
            defaults: tags(&[("team", "core"), ("env", "dev")]),
            ignored_keys: vec!["ignored".into()],
            ignored_prefixes: vec!["kubernetes.io/".into()],
        }
    }

    #[test]
    fn what_is_shown_leaves_out_defaults_ignored_and_ours() {
        let actual = tags(&[
            ("team", "core"),
            ("env", "prod"),
            ("Name", "n"),
            ("aws:cloudformation:stack", "x"),
            (OPERATION, "t"),
            ("ignored", "x"),
            ("kubernetes.io/cluster/a", "owned"),
        ]);
        let (own, all) = rules().shown(&actual, &Value::NULL);
        assert_eq!(own, value(&tags(&[("env", "prod"), ("Name", "n")])));
        assert_eq!(all, value(&tags(&[("team", "core"), ("env", "prod"), ("Name", "n")])));
    }

    #[test]
    fn a_tag_that_equals_a_default_is_shown_where_the_resource_says_it() {
        let before = value(&tags(&[("team", "core")]));
        let (own, _) = rules().shown(&tags(&[("team", "core"), ("env", "dev")]), &before);
        assert_eq!(own, before);
    }

    #[test]
    fn no_tags_are_as_null_as_before() {
        let none = Tags::new();
        assert!(rules().shown(&none, &Value::NULL).0.is_null());
        assert_eq!(rules().shown(&none, &value(&none)).0, value(&none));
    }

    #[test]
    fn tags_win_over_defaults_in_a_plan_and_unknowns_stay() {
        let block = Value::object([("tags", value(&rules().defaults))]);
        let provider = Value::object([("default_tags", Value::tuple([block]))]);
        let own = Value::map(
            Type::String,
            [("env".into(), Value::unknown(Type::String))].into_iter().collect(),
        );
        let planned = rules().planned(&provider, &own);
        assert_eq!(planned.get("team"), Some(&Value::string("core")));
        assert!(!planned.get("env").unwrap().is_known());
        assert!(!rules().planned(&provider, &Value::unknown(own.ty())).is_known());
    }

    #[test]
    fn a_difference_removes_and_writes_what_it_must() {
        let (removed, written) =
            difference(&tags(&[("a", "1"), ("b", "1")]), &tags(&[("b", "2"), ("c", "1")]));
        assert_eq!(removed, ["a"]);
        assert_eq!(written, tags(&[("b", "2"), ("c", "1")]));
    }
}
