//! What "well" means, for each kind of member.

use crate::world::{Etcd, Kind, Lifecycle, Member, Target};

/// A member does all that a member of its kind is for.
pub(crate) fn well(member: &Member, kind: Kind, etcd: Option<&Etcd>) -> bool {
    ailment(member, kind, etcd).is_none()
}

/// What is wrong with a member, the first thing.
pub(crate) fn ailment(member: &Member, kind: Kind, etcd: Option<&Etcd>) -> Option<&'static str> {
    if !member.alive {
        return Some("its machine does not run");
    }
    if member.lifecycle != Lifecycle::InService {
        return Some("it is not in service");
    }
    if !matches!(member.target, Target::Healthy | Target::NotRegistered) {
        return Some("its balancer does not find it healthy");
    }
    match kind {
        Kind::Bastion => None,
        Kind::Worker => match &member.node {
            None => Some("it has no Node"),
            Some(node) if !node.ready => Some("its Node is not ready"),
            Some(_) => None,
        },
        Kind::Master => {
            if member.node.is_some_and(|node| !node.ready) {
                return Some("its Node is not ready");
            }
            master(member, etcd)
        }
    }
}

/// A master serves the API, and its member of etcd votes.
pub(crate) fn master(member: &Member, etcd: Option<&Etcd>) -> Option<&'static str> {
    if !member.api.is_some_and(|api| api.ready && api.serving) {
        return Some("its API server is not ready");
    }
    let members = etcd.map_or(&[][..], |etcd| &etcd.members);
    match members.iter().find(|of| of.machine.as_ref() == Some(&member.id)) {
        None => Some("it has no member of etcd"),
        Some(of) if !of.voter => Some("its member of etcd is a learner"),
        Some(of) if !of.healthy => Some("its member of etcd is not healthy"),
        Some(_) => None,
    }
}
