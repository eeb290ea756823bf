//! [`Selector`]: a LabelSelector, and which pods it matches, found by labels rather than by trying each: pure.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::Pod;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Selector {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<Expression>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Expression {
    key: String,
    operator: String,
    values: Vec<String>,
}

impl Selector {
    /// One without any requirement matches everything.
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|it| it.matches(labels))
    }
}

impl Expression {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let among = || value.is_some_and(|value| self.values.contains(value));
        match self.operator.as_str() {
            "In" => among(),
            "NotIn" => !among(),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

/// Places of pods in the list that it was made of.
type Places = Vec<usize>;

/// Pods by namespace, and by each of their labels in it.
pub(super) struct Index<'p> {
    pods: &'p [&'p Pod],
    namespaces: HashMap<&'p str, Places>,
    labels: HashMap<(&'p str, &'p str, &'p str), Places>,
}

impl<'p> Index<'p> {
    pub(super) fn new(pods: &'p [&'p Pod]) -> Index<'p> {
        let mut index = Index { pods, namespaces: HashMap::new(), labels: HashMap::new() };
        for (at, pod) in pods.iter().enumerate() {
            let namespace = pod.metadata.namespace.as_str();
            index.namespaces.entry(namespace).or_default().push(at);
            for (key, value) in &pod.metadata.labels {
                index.labels.entry((namespace, key, value)).or_default().push(at);
            }
        }
        index
    }

    fn labelled<'a>(&'a self, namespace: &'a str, key: &'a str, value: &'a str) -> &'a [usize] {
        self.labels.get(&(namespace, key, value)).map_or(&[][..], Vec::as_slice)
    }

    /// Places of those that the selector matches in a namespace. Those with its rarest label are looked at; all of the
    /// namespace where it names no label.
    pub(super) fn matching(&self, namespace: &str, selector: &Selector) -> Places {
        let labels = selector
            .match_labels
            .iter()
            .map(|(key, value)| vec![self.labelled(namespace, key, value)]);
        let among = selector.match_expressions.iter().filter(|it| it.operator == "In").map(|it| {
            it.values
                .iter()
                .map(|value| self.labelled(namespace, &it.key, value))
                .collect::<Vec<&[usize]>>()
        });
        let size = |places: &Vec<&[usize]>| places.iter().map(|some| some.len()).sum::<usize>();
        let all = || vec![self.namespaces.get(namespace).map_or(&[][..], Vec::as_slice)];
        let fewest = labels.chain(among).min_by_key(size).unwrap_or_else(all);
        let mut places: Places = fewest
            .into_iter()
            .flatten()
            .copied()
            .filter(|&at| selector.matches(&self.pods[at].metadata.labels))
            .collect();
        // A value that an expression names twice finds its pods twice.
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn found(selector: Json) -> Vec<String> {
        let pod = |namespace: &str, name: &str, labels: Json| -> Pod {
            let json =
                json!({"metadata": {"namespace": namespace, "name": name, "labels": labels}});
            serde_json::from_value(json).expect("a pod")
        };
        let pods = [
            pod("n", "a", json!({"app": "x", "tier": "1"})),
            pod("n", "b", json!({"app": "x"})),
            pod("n", "c", json!({"app": "y", "tier": "2"})),
            pod("n", "d", json!({})),
            pod("other", "e", json!({"app": "x", "tier": "1"})),
        ];
        let pods: Vec<&Pod> = pods.iter().collect();
        let selector: Selector = serde_json::from_value(selector).expect("a selector");
        let index = Index::new(&pods);
        let places = index.matching("n", &selector);
        places.into_iter().map(|at| pods[at].metadata.name.clone()).collect()
    }

    #[test]
    fn selectors_match_as_kubernetes_has_it() {
        let expression = |key: &str, operator: &str, values: Json| {
            found(
                json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]}),
            )
        };
        assert_eq!(
            found(json!({})),
            ["a", "b", "c", "d"],
            "no requirement is all of the namespace"
        );
        assert_eq!(found(json!({"matchLabels": {"app": "x"}})), ["a", "b"]);
        assert_eq!(found(json!({"matchLabels": {"app": "x", "tier": "1"}})), ["a"]);
        assert_eq!(found(json!({"matchLabels": {"app": "x", "tier": "2"}})), [""; 0]);
        assert_eq!(expression("app", "In", json!(["x", "y", "x"])), ["a", "b", "c"]);
        assert_eq!(expression("tier", "NotIn", json!(["1"])), ["b", "c", "d"]);
        assert_eq!(expression("tier", "Exists", json!([])), ["a", "c"]);
        assert_eq!(expression("tier", "DoesNotExist", json!([])), ["b", "d"]);
        assert_eq!(expression("tier", "Near", json!(["1"])), [""; 0]);
        let both = json!({"matchLabels": {"app": "x"},
            "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]});
        assert_eq!(found(both), ["b"]);
    }
}
