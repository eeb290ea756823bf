//! [`GroupSettings`]: what the `rotation` block of a group says, as the rotator uses it.

use std::fmt;

use kprov_core::{Str, Value};
use kprov_rotation::world::{ApiSettings, Kind};
use kprov_rotation::{GroupId, HookName, Seconds, Strategy, TemplateId, Version, When, Window};

/// Access to a cluster. A secret: never shown, never stored.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kubeconfig(String);

/// Shorter words of a kubeconfig are names and addresses, not keys.
const SECRET_MIN: usize = 16;

impl Kubeconfig {
    /// From its text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Kubeconfig {
        Kubeconfig(text.into())
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// `told` without words that stand in it: keys, tokens, certificates.
    #[must_use]
    pub fn blot(&self, told: &str) -> String {
        let words = self.0.split([' ', '\n', '\t', '"', '\'', ',']);
        words
            .filter(|word| word.len() >= SECRET_MIN && !word.contains("://"))
            .fold(told.to_owned(), |told, word| told.replace(word, "(sensitive value)"))
    }
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kubeconfig(sensitive)")
    }
}

/// A user's hook, with what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct HookSettings {
    /// When.
    pub when: When,
    /// Its name.
    pub name: HookName,
    /// Which action, as providers name it: `http`.
    pub action: Str,
    /// The action's own block.
    pub config: Value,
}

/// What a group's block says.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSettings {
    /// What its members are.
    pub kind: Kind,
    /// Groups of one cluster are rotated by one machine; none: it stands for itself.
    pub cluster: Option<String>,
    /// None: nothing is known of nodes.
    pub kubeconfig: Option<Kubeconfig>,
    /// What its template brings; none: its machines are no nodes.
    pub kubelet: Option<Version>,
    /// The API servers of its template; masters only.
    pub api: Option<ApiSettings>,
    /// How it is rotated. Its group and templates are of no account.
    pub strategy: Strategy,
    /// What its hooks do.
    pub hooks: Vec<HookSettings>,
    /// Of the cluster: the least that a group of it says.
    pub parallel_groups: u32,
    /// Likewise.
    pub failures_max: u32,
    /// Likewise.
    pub snapshot_age_max: Seconds,
    /// When members may be begun with; at any time where there are none.
    pub windows: Vec<Window>,
}

impl GroupSettings {
    /// What holds where nothing is said.
    #[must_use]
    pub fn new(kind: Kind) -> GroupSettings {
        let nobody = Strategy::new(GroupId::new(""), TemplateId::new(""), None);
        GroupSettings {
            kind,
            cluster: None,
            kubeconfig: None,
            kubelet: None,
            api: None,
            strategy: nobody,
            hooks: Vec::new(),
            parallel_groups: 1,
            failures_max: 3,
            snapshot_age_max: 3600,
            windows: Vec::new(),
        }
    }

    /// By what the rotation of this group's cluster is known.
    #[must_use]
    pub fn cluster_of(&self, group: &GroupId) -> String {
        self.cluster.clone().unwrap_or_else(|| format!("group {group}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_is_told_by_nobody() {
        let kubeconfig =
            Kubeconfig::new("server: https://api.example\ntoken: abcdefghijklmnopqrst");
        assert!(!format!("{kubeconfig:?}").contains("abcdef"));
        let told = kubeconfig.blot("https://api.example refused token abcdefghijklmnopqrst");
        assert_eq!(told, "https://api.example refused token (sensitive value)");
    }
}
