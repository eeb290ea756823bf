//! Labels that a node may give itself. A kubelet does not start with others, and the API server (NodeRestriction) refuses them:
//! a worker that says of itself that it is something else must not get what is meant for that.

/// What a kubelet may say of itself in Kubernetes' own namespace; `k8s.io/kubelet/pkg/apis` has the list.
const OWN: [&str; 10] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];
const OWN_PREFIXES: [&str; 2] = ["kubelet.kubernetes.io", "node.kubernetes.io"];

/// Is it below this domain, or the domain itself?
fn within(prefix: &str, domain: &str) -> bool {
    prefix == domain || prefix.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}

/// What is wrong with a label that a node is to have, if anything.
pub(super) fn fault(key: &str, value: &str) -> Option<String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let host = |prefix: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        !prefix.is_empty() && prefix.len() <= 253 && prefix.chars().all(plain)
    };
    if name.is_empty() || !word(name) || !prefix.is_none_or(host) {
        return Some(format!(
            "{key:?} is no label: a name of at most 63 letters, digits, dashes, dots and underscores, with a domain and a \
             slash before it or without."
        ));
    }
    if !word(value) {
        return Some(format!(
            "The label {key} cannot be {value:?}: it has at most 63 letters, digits, dashes, dots and underscores, and begins \
             and ends with a letter or digit."
        ));
    }
    let prefix = prefix?;
    let theirs = ["kubernetes.io", "k8s.io"].iter().any(|domain| within(prefix, domain));
    let ours = OWN.contains(&key) || OWN_PREFIXES.iter().any(|domain| within(prefix, domain));
    (theirs && !ours).then(|| {
        format!(
            "A node may not label itself {key}: of Kubernetes' own labels, those below node.kubernetes.io/ are for that. \
             Take a domain of your own, or have somebody else label it."
        )
    })
}

/// Nothing, or a word that begins and ends with a letter or digit.
fn word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(plain)
        && ends(text.chars().next())
        && ends(text.chars().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_labels_itself_with_what_is_its_own() {
        for key in [
            "workload",
            "example.com/pool",
            "node.kubernetes.io/pool",
            "x.node.kubernetes.io/y",
            "topology.kubernetes.io/zone",
            "kprov.dev/pool",
            "notkubernetes.io/x",
            "node.cluster.x-k8s.io/y",
        ] {
            assert_eq!(fault(key, "a"), None, "{key}");
        }
        for key in [
            "node-role.kubernetes.io/worker",
            "node-restriction.kubernetes.io/trusted",
            "kubernetes.io/x",
            "k8s.io/x",
            "a.k8s.io/x",
        ] {
            let said = fault(key, "").unwrap_or_default();
            assert!(said.contains("may not label itself"), "{key}: {said}");
        }
    }

    #[test]
    fn what_is_no_label_is_none() {
        for (key, value) in [
            ("", "a"),
            ("/a", "a"),
            ("a/", "a"),
            ("-a", "a"),
            ("A b", "a"),
            ("EXAMPLE.com/a", "a"),
            ("a", "b c"),
            ("a", "-"),
            ("a", "a,b=c"),
        ] {
            assert!(fault(key, value).is_some(), "{key}={value}");
        }
        assert!(fault(&"a".repeat(64), "").is_some());
        assert_eq!(fault("a", ""), None);
    }
}
