//! A cloud with templates and groups, and a cluster on its machines, that say what a test wants.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use kprov_apply::SilentReporter;
use kprov_apply::settle::SettledIntent;
use kprov_core::{Host, ProviderAddr, Str, Type, Value};
use kprov_ops::{
    ApplyRequest, ApplyWatcher, Disk, Interrupts, Machine, PlanRequest, Planned, Project, Watch,
};
use kprov_provider::rotation::world::{
    Group, Kind, Lifecycle, Lock, Member, Node, Room, Target, Template, Trust,
};
use kprov_provider::rotation::{
    ClusterView, Clusters, GroupId, GroupRef, GroupView, MachineId, MemberGroups, OperatorId,
    Seconds, StepCall, TemplateId, Version, Zone,
};
use kprov_provider::{
    Attribute, Block, CallContext, Client, CreateRequest, Creation, DeleteRequest, Object,
    PlanRequest as Question, PlannedObject, Provider, ProviderError, ProviderSchema, ReadRequest,
    Registry, Resource, ResourceSchema, Schema, SettleRequest, Settled, UpdateRequest,
};
use kprov_state::MemoryStore;

/// When everything happens: 2027-01-15.
pub(crate) const NOW: Seconds = 1_800_000_000;

/// What is said, and what was asked.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) groups: BTreeMap<GroupId, GroupView>,
    /// None: it does not answer.
    pub(crate) cluster: Option<ClusterView>,
    pub(crate) group_looks: usize,
    pub(crate) cluster_looks: usize,
    pub(crate) unreachable: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Sky(Arc<Mutex<Said>>);

impl Sky {
    pub(crate) fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group of so many workers, all of a template; their nodes are well.
    pub(crate) fn workers(&self, name: &str, count: usize, template: &str) {
        let group = GroupId::new(name);
        let zones = ["a", "b", "c"].map(Zone::new);
        let members = (0..count).map(|at| member(&group, at, &zones[at % 3], template));
        let members: Vec<Member> = members.collect();
        let version = Version::minor(36);
        let mut said = self.said();
        let nodes = said.cluster.get_or_insert_default();
        for member in &members {
            let node = Node {
                ready: true,
                cordoned: false,
                excluded: false,
                kubelet: version,
                pods: 3,
                volumes: 0,
            };
            nodes.nodes.insert(member.id.clone(), node);
        }
        let size = u32::try_from(count).expect("a small group");
        let template = |id: &str| Template {
            id: TemplateId::new(id),
            kubelet: None,
            api: None,
            trust: Trust::default(),
        };
        let rooms = zones.map(|zone| Room { zone, addresses_left: Some(200), capacity: true });
        let view = GroupView {
            group: Group {
                id: group.clone(),
                kind: Kind::Worker,
                desired: size,
                min: 0,
                max: size,
                template: TemplateId::new("lt-1/1"),
                templates: vec![template("lt-1/1"), template("lt-1/0")],
                zones: rooms.to_vec(),
                suspended: Default::default(),
                protected: false,
                autoscaled: false,
                quota_left: None,
            },
            members,
            endpoint: None,
        };
        said.groups.insert(group, view);
    }
}

fn member(group: &GroupId, at: usize, zone: &Zone, template: &str) -> Member {
    Member {
        id: MachineId::new(&format!("i-{at:03}")),
        group: group.clone(),
        zone: zone.clone(),
        template: TemplateId::new(template),
        changed: false,
        launched_at: NOW - 86_400,
        lifecycle: Lifecycle::InService,
        alive: true,
        target: Target::NotRegistered,
        api: None,
        node: None,
        trust: None,
        mark: None,
    }
}

fn schema(attributes: &[(&str, Attribute)]) -> ResourceSchema {
    let attributes = attributes.iter().map(|(n, a)| (Str::from(*n), a.clone())).collect();
    let schema = Schema { version: 0, block: Block { attributes, ..Block::default() } };
    ResourceSchema { schema, creation: Creation::Local }
}

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| {
    let text = || Attribute::new(Type::String);
    let template = schema(&[
        ("id", text().computed()),
        ("image", text().optional()),
        ("user_data", text().optional().sensitive()),
        ("version", text().computed()),
    ]);
    let group = schema(&[("name", text().required()), ("template", text().required())]);
    ProviderSchema {
        resources: [("cloud_template".into(), template), ("cloud_group".into(), group)].into(),
        ..Default::default()
    }
});

#[async_trait]
impl Provider for Sky {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("cloud")
    }
    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }
    fn resource(&self, _: &str) -> Option<&dyn Resource> {
        Some(self)
    }
    fn clusters(&self) -> Option<&dyn Clusters> {
        Some(self)
    }
    async fn configure(&self, _: &Value, _: &Arc<dyn Host>) -> Result<Client, ProviderError> {
        Ok(Arc::new(()))
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The object with what the cloud chooses.
fn made(planned: &Value, version: &str) -> Object {
    let entries = planned.as_entries().expect("an object").iter().map(|(name, value)| {
        let value = match name.as_str() {
            "id" => Value::from("lt-1"),
            "version" => Value::from(version),
            _ => value.clone(),
        };
        (name.clone(), value)
    });
    Value::object(entries.collect::<Vec<_>>()).into()
}

#[async_trait]
impl Resource for Sky {
    /// Another image is another version.
    fn plan(&self, request: Question<'_>) -> Result<PlannedObject, ProviderError> {
        let other = |name: &str| {
            request.prior.is_some_and(|prior| prior.get(name) != request.proposed.get(name))
        };
        if !(other("image") || other("user_data")) {
            return Ok(request.proposed.clone().into());
        }
        let entries =
            request.proposed.as_entries().expect("an object").iter().map(|(name, value)| {
                let unknown = || Value::unknown(Type::String);
                (name.clone(), if name.as_str() == "version" { unknown() } else { value.clone() })
            });
        Ok(Value::object(entries.collect::<Vec<_>>()).into())
    }
    fn member_groups(&self) -> Option<&dyn MemberGroups> {
        Some(self)
    }
    async fn read_many(
        &self,
        _: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        requests.into_iter().map(|request| Ok(Some(request.prior))).collect()
    }
    async fn create(&self, _: &CallContext, r: CreateRequest) -> Result<Object, ProviderError> {
        Ok(made(&r.planned, "1"))
    }
    async fn update(&self, _: &CallContext, r: UpdateRequest) -> Result<Object, ProviderError> {
        Ok(made(&r.planned, "2"))
    }
    async fn delete(&self, _: &CallContext, _: DeleteRequest) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn settle(&self, _: &CallContext, _: SettleRequest) -> Result<Settled, ProviderError> {
        Ok(Settled::Absent)
    }
}

#[async_trait]
impl MemberGroups for Sky {
    fn group(&self, object: &Value) -> Option<GroupRef> {
        let id = GroupId::new(&text(object, "name")?);
        Some(GroupRef { id, template: text(object, "template").map(|it| TemplateId::new(&it)) })
    }
    fn held(&self, prior: &Value, _: &Value) -> Value {
        prior.clone()
    }
    async fn observe(
        &self,
        _: &CallContext,
        groups: &[GroupId],
    ) -> Result<Vec<Option<GroupView>>, ProviderError> {
        let mut said = self.said();
        said.group_looks += 1;
        if said.unreachable {
            return Err(ProviderError::rejected("No answer", "The cloud does not answer."));
        }
        Ok(groups.iter().map(|id| said.groups.get(id).cloned()).collect())
    }
    async fn carry_out(&self, _: &CallContext, _: &StepCall<'_>) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn keep_waiting(
        &self,
        _: &CallContext,
        _: &GroupId,
        _: &[MachineId],
    ) -> Result<(), ProviderError> {
        Ok(())
    }
}

#[async_trait]
impl Clusters for Sky {
    fn connect(
        &self,
        kubeconfig: &str,
        host: &Arc<dyn Host>,
    ) -> Result<CallContext, ProviderError> {
        Ok(CallContext { client: Arc::new(kubeconfig.to_owned()), host: host.clone() })
    }
    async fn observe(&self, _: &CallContext, _: Seconds) -> Result<ClusterView, ProviderError> {
        let mut said = self.said();
        said.cluster_looks += 1;
        let silent = || ProviderError::rejected("No answer", "The API server does not answer.");
        said.cluster.clone().ok_or_else(silent)
    }
    async fn carry_out(&self, _: &CallContext, _: &StepCall<'_>) -> Result<(), ProviderError> {
        Ok(())
    }
    async fn lock(
        &self,
        _: &CallContext,
        holder: &OperatorId,
        _: Seconds,
        until: Seconds,
    ) -> Result<Lock, ProviderError> {
        Ok(Lock { holder: holder.clone(), expires_at: until })
    }
    async fn unlock(&self, _: &CallContext, _: &OperatorId) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// A machine on which it is always [`NOW`].
#[derive(Debug)]
pub(crate) struct Still(Machine);

impl Still {
    pub(crate) fn shared() -> Arc<dyn Host> {
        Arc::new(Still(Machine::new()))
    }
}

impl Host for Still {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
    fn random(&self, buffer: &mut [u8]) {
        self.0.random(buffer);
    }
    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

/// A project under that sky.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    pub(crate) project: Project,
    pub(crate) sky: Sky,
}

impl Place {
    pub(crate) fn new() -> Place {
        let dir = tempfile::tempdir().expect("a folder");
        let (host, sky) = (Still::shared(), Sky::default());
        let store = Arc::new(MemoryStore::new(host.clone()));
        let disk = Arc::new(Disk::new(dir.path().to_owned(), None));
        let registry = Registry::new().with(Arc::new(sky.clone()));
        Place { project: Project::new(disk, host, registry, store), dir, sky }
    }

    fn write(&self, configuration: &str) {
        std::fs::write(self.dir.path().join("main.tf"), configuration).expect("written");
    }

    /// Applies a configuration that rotates nothing.
    #[track_caller]
    pub(crate) fn apply(&self, configuration: &str) {
        self.write(configuration);
        let interrupts = Interrupts::new();
        let reporter = Arc::new(SilentReporter);
        let watch = Watch { watcher: &Approve, reporter, interrupts: &interrupts };
        let applied = kprov_ops::apply(&self.project, &ApplyRequest::default(), &watch);
        let applied = applied.expect("begun");
        assert!(!applied.problems.has_errors(), "{:?}", applied.problems);
    }

    /// The plan of a configuration, with its problems.
    #[track_caller]
    pub(crate) fn plan_as(&self, configuration: &str, request: &PlanRequest) -> Planned {
        self.write(configuration);
        kprov_ops::plan(&self.project, request).expect("planned")
    }

    /// The same without problems.
    #[track_caller]
    pub(crate) fn plan(&self, configuration: &str) -> Planned {
        let planned = self.plan_as(configuration, &PlanRequest::default());
        assert!(planned.problems.is_empty(), "{:?}", planned.problems);
        planned
    }

    /// Why there is no plan.
    #[track_caller]
    pub(crate) fn refused(&self, configuration: &str, request: &PlanRequest) -> String {
        self.write(configuration);
        let error = kprov_ops::plan(&self.project, request).expect_err("it is refused");
        let problems = error.into_diagnostics();
        problems
            .iter()
            .map(|problem| format!("{}: {}\n", problem.summary, problem.detail))
            .collect()
    }
}

#[derive(Debug)]
struct Approve;

impl ApplyWatcher for Approve {
    fn settled(&self, _: &[SettledIntent]) {}
    fn approve(&self, _: &Planned, _: usize) -> bool {
        true
    }
}
