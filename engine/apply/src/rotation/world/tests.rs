//! What a world is made of, and whose word counts.

use std::collections::BTreeSet;

use kprov_core::{
    InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ProviderAddr, ProviderConfigAddr,
    ResourceMode, ResourceName,
};
use kprov_provider::ProviderError;
use kprov_provider::rotation::{GroupRef, MasterView};
use kprov_rotation::world::{Api, ApiSettings, Etcd, Lifecycle, Target};
use kprov_rotation::{MachineId, RotationId, Zone};

use super::*;
use kprov_rotation::settings::{ApiServer, Secret};

fn site(name: &str, kind: Kind, template: &str) -> Site {
    let mut settings = Settings { role: kind, ..Settings::default() };
    settings.cluster = Some("prod".into());
    settings.kubeconfig = Some(Secret::new("k"));
    settings.kubernetes_version = (kind != Kind::Bastion).then(|| Version::minor(36));
    settings.api_server = (kind == Kind::Master).then(|| ApiServer {
        goaway_millionths: 1000,
        shutdown_delay: 60,
        names: BTreeSet::new(),
    });
    let resource = ResourceName { mode: ResourceMode::Managed, ty: "g".into(), name: name.into() };
    let provider = ProviderAddr::hashicorp("aws");
    Site {
        address: InstanceAddr { module: ModuleAddr::root(), resource, key: InstanceKey::None },
        provider: ProviderConfigAddr { module: ModulePath::root(), provider, alias: None },
        group: GroupRef { id: GroupId::new(name), template: Some(TemplateId::new(template)) },
        settings: Some(settings),
    }
}

fn api(minor: u32) -> ApiSettings {
    let version = Version::minor(minor);
    ApiSettings { version, goaway_millionths: 1000, shutdown_delay: 60, names: BTreeSet::new() }
}

fn template(id: &str) -> Template {
    Template { id: TemplateId::new(id), kubelet: None, api: None, trust: Trust::default() }
}

fn member(id: &str, group: &str, template: &str) -> Member {
    Member {
        id: MachineId::new(id),
        group: GroupId::new(group),
        zone: Zone::new("a"),
        template: TemplateId::new(template),
        changed: false,
        launched_at: 0,
        lifecycle: Lifecycle::InService,
        alive: true,
        target: Target::NotRegistered,
        api: None,
        node: None,
        trust: None,
        mark: None,
    }
}

fn view(name: &str, members: Vec<Member>) -> (GroupId, GroupView) {
    let id = GroupId::new(name);
    let group = Group {
        id: id.clone(),
        kind: Kind::Worker,
        desired: 1,
        min: 0,
        max: 1,
        template: TemplateId::new("old"),
        templates: vec![template("old"), template("new")],
        zones: Vec::new(),
        suspended: BTreeSet::new(),
        protected: false,
        autoscaled: false,
        quota_left: None,
    };
    (id, GroupView { group, members, endpoint: None })
}

fn node(minor: u32) -> Node {
    let kubelet = Version::minor(minor);
    Node { ready: true, cordoned: false, excluded: false, kubelet, pods: 3, volumes: 0 }
}

fn observed(groups: Vec<(GroupId, GroupView)>, cluster: Option<ClusterView>) -> Observed {
    let view = cluster.ok_or_else(|| ProviderError::ambiguous("No answer", "timed out"));
    let clusters = [("prod".to_owned(), view)].into();
    Observed { now: 7, groups: groups.into_iter().collect(), clusters, ..Observed::default() }
}

fn masters() -> ClusterView {
    let ready = Api { version: Version::minor(35), ready: true, serving: true, shutdown_delay: 60 };
    let id = MachineId::new("i-1");
    ClusterView {
        nodes: [(id.clone(), node(35))].into(),
        trust: [(id.clone(), Trust { issued_by: 1, expires_at: Some(99), ..Trust::default() })]
            .into(),
        masters: [(id, MasterView { api: ready, settings: Some(api(35)) })].into(),
        etcd: Some(Etcd::default()),
        ..ClusterView::default()
    }
}

fn facts<'w>(world: &'w World, group: &str, id: &str) -> &'w Template {
    let group = world.groups.iter().find(|of| of.id.as_str() == group).unwrap();
    group.templates.iter().find(|of| of.id.as_str() == id).unwrap()
}

#[test]
fn the_cluster_tells_of_machines_and_of_the_template_before() {
    let seen = observed(vec![view("m", vec![member("i-1", "m", "old")])], Some(masters()));
    let sites = [site("m", Kind::Master, "new")];
    let world = seen.world(&sites, "prod", &Known::default(), None);
    assert_eq!((world.now, world.groups[0].kind), (7, Kind::Master));
    let member = &world.members[0];
    assert!(member.api.is_some_and(|api| api.ready) && member.node.is_some());
    assert_eq!(member.trust.as_ref().unwrap().expires_at, Some(99));
    let (old, new) = (facts(&world, "m", "old"), facts(&world, "m", "new"));
    assert_eq!((old.kubelet, new.kubelet), (Some(Version::minor(35)), Some(Version::minor(36))));
    assert_eq!((old.api.clone(), new.api.clone()), (Some(api(35)), Some(api(36))));
    assert_eq!(
        (old.trust.issued_by, old.trust.expires_at),
        (1, None),
        "of the template, not of the machine"
    );
}

#[test]
fn what_was_recorded_of_a_template_counts_when_its_machines_are_gone() {
    let sites = [site("m", Kind::Master, "new")];
    let mut known = Known::default();
    let seen = observed(vec![view("m", vec![member("i-1", "m", "old")])], Some(masters()));
    seen.learn(&sites, "prod", &mut known);
    let later =
        observed(vec![view("m", vec![member("i-2", "m", "new")])], Some(ClusterView::default()));
    let world = later.world(&sites, "prod", &known, None);
    assert_eq!(facts(&world, "m", "old").kubelet, Some(Version::minor(35)));
    // The settings of a later plan say what its target brings, whatever was recorded.
    let mut sites = sites;
    sites[0].settings.as_mut().unwrap().kubernetes_version = Some(Version::minor(37));
    let world = later.world(&sites, "prod", &known, None);
    assert_eq!(facts(&world, "m", "new").kubelet, Some(Version::minor(37)));
}

#[test]
fn a_cluster_that_does_not_answer_leaves_masters_unseen() {
    let seen = observed(vec![view("m", vec![member("i-1", "m", "old")])], None);
    let world = seen.world(&[site("m", Kind::Master, "new")], "prod", &Known::default(), None);
    assert!(
        world.etcd.is_none() && world.members[0].api.is_none() && world.members[0].node.is_none()
    );
}

#[test]
fn where_nobody_tells_of_nodes_workers_count_by_the_clouds_word() {
    let mut workers = site("w", Kind::Worker, "new");
    workers.settings.as_mut().unwrap().kubeconfig = None;
    let mut leaving = member("i-2", "w", "old");
    leaving.mark = Some(RotationId::new("r"));
    let mut dead = member("i-3", "w", "old");
    dead.alive = false;
    let seen = observed(vec![view("w", vec![member("i-1", "w", "old"), leaving, dead])], None);
    let world = seen.world(&[workers], "prod", &Known::default(), None);
    let told = |at: usize| world.members[at].node.map(|node| (node.ready, node.cordoned));
    assert_eq!([told(0), told(1), told(2)], [Some((true, false)), Some((true, true)), None]);
}

#[test]
fn groups_of_other_clusters_and_groups_that_are_gone_are_left_out() {
    let seen = observed(vec![view("m", Vec::new()), view("x", Vec::new())], Some(masters()));
    let mut other = site("x", Kind::Worker, "new");
    other.settings.as_mut().unwrap().cluster = None;
    let sites = [site("m", Kind::Master, "new"), other, site("gone", Kind::Worker, "new")];
    let ids = |cluster: &str| {
        let world = seen.world(&sites, cluster, &Known::default(), None);
        world.groups.iter().map(|group| group.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids("prod"), ["m"]);
    assert_eq!(ids("group x"), ["x"], "a group without a cluster stands for itself");
}

#[test]
fn of_two_balancers_the_stricter_word_holds() {
    let told = |within: u64, terminates: bool| Endpoint {
        notices_within: within,
        terminates_connections: terminates,
        ..Endpoint::default()
    };
    let all = endpoint(vec![
        (Kind::Master, told(20, true)),
        (Kind::Worker, told(500, false)),
        (Kind::Master, told(40, true)),
    ]);
    assert_eq!((all.notices_within, all.terminates_connections), (40, true));
}

#[test]
fn a_plan_is_told_what_is_not_as_the_group_says() {
    let mut dead = member("i-dead", "m", "new");
    dead.alive = false;
    let mut changed = member("i-changed", "m", "new");
    changed.changed = true;
    let mut marked = member("i-marked", "m", "new");
    marked.mark = Some(RotationId::new("r7"));
    let mut going = member("i-going", "m", "old");
    going.lifecycle = Lifecycle::Terminating;
    let members = vec![
        member("i-old", "m", "old"),
        member("i-fine", "m", "new"),
        member("i-named", "m", "new"),
        dead,
        changed,
        marked,
        going,
    ];
    let seen = observed(vec![view("m", members), view("w", vec![member("i-9", "w", "new")])], None);
    let sites = [site("m", Kind::Master, "new"), site("w", Kind::Worker, "new")];
    let named = [MachineId::new("i-named")].into();
    let told = seen.outdated(&sites, &named);
    assert_eq!(told.len(), 1, "a group that is as it says is left out");
    let of: Vec<String> =
        told[&sites[0].address].iter().map(|of| format!("{}: {}", of.machine, of.reason)).collect();
    let expected = [
        "i-changed: it was changed by hand",
        "i-dead: its machine does not run",
        "i-marked: rotation r7 has begun to replace it",
        "i-named: it was named for rotation",
        "i-old: its template has changed",
    ];
    assert_eq!(of, expected);
    let by_person: Vec<bool> =
        told[&sites[0].address].iter().map(crate::rotation::is_named).collect();
    assert_eq!(by_person, [false, false, false, true, false]);
}
