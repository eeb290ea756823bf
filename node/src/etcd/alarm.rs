//! Alarms: what makes etcd refuse to write until a person has helped. A member tells them with its status, without asking the
//! others, so that they are known even where there is no quorum.

use serde::{Deserialize, Serialize};

use super::hex_id;

/// An alarm that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    /// The member that raised it.
    pub(crate) member: String,
    /// `NOSPACE` or `CORRUPT`.
    pub(crate) name: String,
}

impl Alarm {
    /// Out of one of the errors of a status: `memberID:10501334649042878790 alarm:NOSPACE`. Others are of no alarm.
    pub(super) fn read(error: &str) -> Option<Alarm> {
        let after = |label: &str| {
            error.split_whitespace().find_map(|word| word.strip_prefix(label)).map(str::to_owned)
        };
        let name = after("alarm:")?;
        let id = after("memberID:").and_then(|id| id.parse().ok()).unwrap_or_default();
        Some(Alarm { member: hex_id(id), name })
    }

    fn meaning(&self) -> &'static str {
        match self.name.as_str() {
            "NOSPACE" => {
                "etcd reached its quota and writes nothing any more: compact and defragment it (etcdctl compact, etcdctl defrag), \
                 or raise \"quotaBytes\"; then \"etcdctl alarm disarm\""
            }
            "CORRUPT" => {
                "its data differ from the others', and etcd answers nothing any more: end its node, move etcd/member in its directory away, \
                 \"etcdctl alarm disarm\", and start it again"
            }
            _ => "see etcd's documentation; then \"etcdctl alarm disarm\"",
        }
    }
}

impl std::fmt::Display for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Alarm { member, name } = self;
        write!(f, "etcd's member {member} raised the alarm {name}: {}", self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_are_told_from_other_errors() {
        let alarm = Alarm::read("memberID:10501334649042878790 alarm:NOSPACE ").unwrap();
        assert_eq!((alarm.member.as_str(), alarm.name.as_str()), ("91bc3c398fb3c146", "NOSPACE"));
        assert!(alarm.to_string().contains("quotaBytes"), "{alarm}");
        assert_eq!(Alarm::read("alarm:CORRUPT").unwrap().name, "CORRUPT");
        assert_eq!(Alarm::read("etcdserver: no leader"), None);
    }
}
