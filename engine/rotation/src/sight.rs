//! [`Sight`]: whether the cluster was seen at all. What is not seen is not gone: a machine is dead when the cloud says so,
//! and never because nobody tells of its Node, its API server or its member of etcd.

use crate::world::{Kind, Lifecycle, World};

/// What of a cluster a look has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    etcd: bool,
    /// Some machine's Node.
    nodes: bool,
    /// A machine is in service whose Node there should be.
    expected: bool,
}

impl Sight {
    pub(crate) fn of(world: &World) -> Sight {
        let bastions = |id: &crate::GroupId| {
            world.groups.iter().any(|group| group.kind == Kind::Bastion && group.id == *id)
        };
        let etcd = world.etcd.is_some();
        let nodes = etcd || world.members.iter().any(|member| member.node.is_some());
        let expected = !nodes
            && world.members.iter().any(|member| {
                let serves = member.alive && member.lifecycle == Lifecycle::InService;
                serves && !bastions(&member.group)
            });
        Sight { etcd, nodes, expected }
    }

    /// Nothing is known of what runs on machines of this kind: masters tell of etcd, and workers' Nodes are there while
    /// the API answers. Of bastions the cloud tells everything.
    pub(crate) fn misses(self, kind: Kind) -> bool {
        !self.etcd
            && match kind {
                Kind::Bastion => false,
                Kind::Master => true,
                Kind::Worker => !self.nodes && self.expected,
            }
    }

    /// Members of etcd are known.
    pub(crate) fn etcd(self) -> bool {
        self.etcd
    }
}
