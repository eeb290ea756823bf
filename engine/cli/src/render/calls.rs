//! What providers asked of their APIs, in one line.

use std::collections::BTreeMap;

use kprov_provider::Registry;

use super::text::visible;

/// So many operations are named.
const NAMED: usize = 12;

/// `API calls: 8 (ec2 CreateSubnet 6, ec2 DescribeVpcs 2)`, those asked most often first. `None` where
/// nothing was asked.
pub(crate) fn calls(registry: &Registry) -> Option<String> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (_, provider) in registry.iter() {
        for (operation, count) in provider.calls() {
            let sum = counts.entry(operation).or_default();
            *sum = sum.saturating_add(count);
        }
    }
    counts.retain(|_, count| *count > 0);
    let all = counts.values().fold(0, |sum: u64, count| sum.saturating_add(*count));
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    // The sort is stable: those asked equally often stay in the order of names.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = counts.iter().take(NAMED);
    let mut parts: Vec<String> =
        named.map(|(operation, count)| format!("{} {count}", visible(operation))).collect();
    if counts.len() > NAMED {
        parts.push("...".to_owned());
    }
    (!parts.is_empty()).then(|| format!("API calls: {all} ({})", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::{Test, World};

    const CONFIG: &str = "resource \"test_key\" \"k\" {\n count = 3\n}";

    #[test]
    fn nothing_is_said_where_nothing_is_asked() {
        assert_eq!(calls(&Registry::new()), None);
        assert_eq!(calls(&World::new().project.registry), None);
    }

    #[test]
    fn calls_of_a_run_are_counted_by_operation() {
        let world = World::new();
        world.apply(CONFIG);
        let told = calls(&world.project.registry);
        assert_eq!(told.as_deref(), Some("API calls: 3 (test MakeObject 3)"));
    }

    #[test]
    fn the_most_frequent_are_named() {
        let mut all: Vec<(String, u64)> = (1..=13).map(|n| (format!("s3 Op{n:02}"), 1)).collect();
        all.extend([("ec2 Many".to_owned(), 7), ("ec2 None".to_owned(), 0)]);
        let registry = Registry::new().with(Arc::new(Test::that_asked(all)));
        let told = calls(&registry).unwrap();
        assert!(told.starts_with("API calls: 20 (ec2 Many 7, s3 Op01 1, s3 Op02 1, "), "{told}");
        assert!(told.ends_with(", s3 Op11 1, ...)"), "{told}");
    }
}
