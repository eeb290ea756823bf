//! What a component says may hold what it was given in secret: a key that it cannot parse, a configuration that it repeats.
//! That is taken out before it is written down anywhere.

use std::path::Path;

use crate::layout::Layout;

/// What stands for a secret.
const HIDDEN: &str = "(secret)";
/// Shorter texts are found by chance, and are no secrets of ours.
const SHORTEST: usize = 16;

/// Texts that nobody may read.
#[derive(Clone, Debug, Default)]
pub(super) struct Discretion(Vec<String>);

impl Discretion {
    /// Of all that is secret in the node's directory just now.
    pub(super) fn of(layout: &Layout) -> Discretion {
        let mut all = Discretion::default();
        for name in ["kubernetes-ca", "etcd-ca", "front-proxy-ca", "service-account"] {
            all.add(&layout.in_tree(&format!("{name}/key.pem")), lines);
        }
        all.add(&layout.in_tree("encryption/config.yaml"), secrets_of_config);
        all.add(&layout.in_tree("bootstrap/token"), token);
        let leaves = std::fs::read_dir(layout.certificates()).into_iter().flatten().flatten();
        for path in leaves.map(|entry| entry.path()) {
            if path.to_string_lossy().ends_with("-key.pem") {
                all.add(&path, lines);
            }
        }
        all
    }

    fn add(&mut self, path: &Path, parts: fn(&str) -> Vec<String>) {
        // What is not there was not given to anybody.
        let text = std::fs::read_to_string(path).unwrap_or_default();
        self.0.extend(parts(&text).into_iter().filter(|part| part.len() >= SHORTEST));
    }

    /// The line without them.
    pub(super) fn clean(&self, line: &str) -> String {
        let mut clean = line.to_owned();
        for secret in &self.0 {
            if clean.contains(secret) {
                clean = clean.replace(secret, HIDDEN);
            }
        }
        clean
    }
}

/// Of a PEM block all but its frame; of other texts all.
fn lines(text: &str) -> Vec<String> {
    let inner = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    inner.map(str::to_owned).collect()
}

/// `TOKENID.SECRET`, and its second part.
fn token(text: &str) -> Vec<String> {
    let whole = text.trim();
    std::iter::once(whole)
        .chain(whole.split_once('.').map(|(_, part)| part))
        .map(str::to_owned)
        .collect()
}

/// Keys in an EncryptionConfiguration, in YAML or JSON.
fn secrets_of_config(text: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || ['"', '\'', '{', '}', ',', '[', ']'].contains(&c);
    let mut found = Vec::new();
    for (at, _) in text.match_indices("secret") {
        let after = text[at + "secret".len()..].trim_start_matches(['"', '\'']).trim_start();
        let Some(value) = after.strip_prefix(':') else { continue };
        found.extend(value.split(ends).find(|word| !word.is_empty()).map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_of_the_tree_or_the_leaves_gets_through() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let mut tree = crate::testing::tree(1);
        let config = "kind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  \
            - secretbox: {keys: [{name: one, secret: MDEyMzQ1Njc4OWFiY2RlZjAx}]}\n  \
            - aescbc: {\"keys\": [{\"name\": \"two\", \"secret\": \"Zm9vYmFyZm9vYmFyZm9vYmFy\"}]}\n";
        tree.0.insert("encryption/config.yaml".into(), config.into());
        crate::secrets::put(&tree, &layout).unwrap();
        crate::files::directory(&layout.certificates()).unwrap();
        std::fs::write(layout.key("x"), tree.get("etcd-ca/key.pem").unwrap()).unwrap();
        let discretion = Discretion::of(&layout);
        let key = tree.get("etcd-ca/key.pem").unwrap().lines().nth(1).unwrap();
        let secrets = [
            key,
            "abcdef.0123456789abcdef",
            "0123456789abcdef",
            "MDEyMzQ1Njc4OWFiY2RlZjAx",
            "Zm9vYmFyZm9vYmFyZm9vYmFy",
        ];
        for secret in secrets {
            let clean = discretion.clean(&format!("E1127 cannot read \"{secret}\" at line 3"));
            assert_eq!(clean, "E1127 cannot read \"(secret)\" at line 3");
        }
        let plain = "listen tcp 127.0.0.1:2379: bind: address already in use";
        assert_eq!(discretion.clean(plain), plain);
    }
}
