//! A world in which all is well where nobody could be asked: a cluster that does not answer, or whose kubeconfig is not
//! known before apply. Only forecasts are made of it, and the plan says that they are; a run looks anew, and takes no
//! step on what was not seen.

use kprov_rotation::world::{Api, Etcd, EtcdMember, Kind, Lifecycle, Node, Snapshot, World};
use kprov_rotation::{EtcdId, MachineId, TemplateId, Version};

/// Fills in what machines in service would tell, if all was well.
pub(super) fn assume(world: &mut World) {
    let groups: Vec<_> = world.groups.clone();
    let mut masters: Vec<MachineId> = Vec::new();
    for member in &mut world.members {
        let Some(group) = groups.iter().find(|group| group.id == member.group) else { continue };
        if !member.alive || member.lifecycle != Lifecycle::InService {
            continue;
        }
        let of = |id: &TemplateId| group.templates.iter().find(|template| template.id == *id);
        // Of a template that nothing is known of, what is known of another.
        let template = of(&member.template).filter(|template| template.kubelet.is_some());
        let any = || group.templates.iter().find(|template| template.kubelet.is_some());
        let Some(template) = template.or_else(any) else { continue };
        let kubelet = template.kubelet.unwrap_or(Version::minor(0));
        member.node.get_or_insert(Node {
            ready: true,
            cordoned: false,
            excluded: false,
            kubelet,
            pods: 1,
            volumes: 0,
        });
        if group.kind == Kind::Master {
            let settings = template.api.as_ref();
            member.api.get_or_insert(Api {
                version: settings.map_or(kubelet, |api| api.version),
                ready: true,
                serving: true,
                shutdown_delay: settings.map_or(0, |api| api.shutdown_delay),
            });
            masters.push(member.id.clone());
        }
    }
    if world.etcd.is_none() && !masters.is_empty() {
        world.etcd = Some(etcd(masters, world.now));
    }
}

fn etcd(mut masters: Vec<MachineId>, now: u64) -> Etcd {
    masters.sort();
    let members = (1..).zip(masters).map(|(number, machine)| EtcdMember {
        id: EtcdId(number),
        machine: Some(machine),
        added_at: 0,
        started: true,
        voter: true,
        healthy: true,
        leader: number == 1,
    });
    let snapshot = Snapshot { taken_at: now, verified: true, complete: false };
    Etcd { members: members.collect(), alarms: Vec::new(), snapshot: Some(snapshot) }
}
