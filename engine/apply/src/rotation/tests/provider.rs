//! The truth behind the traits of providers: one provider has groups, clusters and a hook action.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use kprov_core::{Host, ProviderAddr, ProviderConfigAddr, Type, Value};
use kprov_provider::rotation::{
    ClusterView, Clusters, GroupRef, GroupView, HookAction, HookCall, HookLook, MemberGroups,
    StepCall,
};
use kprov_provider::{
    Attribute, Block, CallContext, CreateRequest, Creation, DeleteRequest, Object, Provider,
    ProviderError, ProviderSchema, ReadRequest, Resource, ResourceSchema, Schema, SettleRequest,
    Settled, UpdateRequest,
};
use kprov_rotation::world::Lock;
use kprov_rotation::{GroupId, MachineId, OperatorId, Seconds, TemplateId};

use super::truth::Truth;
use crate::Clients;

/// Shared by all that look at it and change it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sky(Arc<Mutex<Truth>>);

impl Sky {
    pub(super) fn truth(&self) -> MutexGuard<'_, Truth> {
        self.0.lock().unwrap()
    }
}

#[derive(Debug)]
pub(super) struct Cloud {
    pub(super) sky: Sky,
    pub(super) schema: ProviderSchema,
    pub(super) hook: Hook,
}

#[derive(Debug)]
pub(super) struct Hook {
    pub(super) sky: Sky,
    pub(super) schema: Schema,
}

impl Cloud {
    pub(super) fn over(sky: &Sky) -> Arc<dyn Provider> {
        let hook = Hook { sky: sky.clone(), schema: Schema::default() };
        let text = || Attribute::new(Type::String).required();
        let attributes = [("id", text()), ("note", text()), ("template", text())];
        let schema = Schema { version: 0, block: Block::of("", attributes) };
        let group = ResourceSchema { schema, creation: Creation::Name };
        let resources = [("group".into(), group)].into();
        let schema = ProviderSchema { resources, ..ProviderSchema::default() };
        Arc::new(Cloud { sky: sky.clone(), schema, hook })
    }
}

pub(super) fn address() -> ProviderAddr {
    ProviderAddr::hashicorp("sky")
}

#[derive(Debug)]
pub(super) struct Connected(pub(super) Arc<dyn Provider>, pub(super) Arc<dyn Host>);

#[async_trait]
impl Clients for Connected {
    fn provider(&self, _addr: &ProviderConfigAddr) -> Result<Arc<dyn Provider>, ProviderError> {
        Ok(self.0.clone())
    }

    async fn context(&self, _addr: &ProviderConfigAddr) -> Result<CallContext, ProviderError> {
        Ok(CallContext { client: Arc::new(()), host: self.1.clone() })
    }
}

#[async_trait]
impl Provider for Cloud {
    fn addr(&self) -> ProviderAddr {
        address()
    }

    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "group").then_some(self)
    }

    fn clusters(&self) -> Option<&dyn Clusters> {
        Some(self)
    }

    fn hook_actions(&self) -> &[&str] {
        &["smoke"]
    }

    fn hook_action(&self, name: &str) -> Option<&dyn HookAction> {
        (name == "smoke").then_some(&self.hook)
    }

    async fn configure(
        &self,
        _config: &Value,
        _host: &Arc<dyn Host>,
    ) -> Result<kprov_provider::Client, ProviderError> {
        Ok(Arc::new(()))
    }
}

/// An object is `{id, template, size}`.
#[async_trait]
impl Resource for Cloud {
    fn member_groups(&self) -> Option<&dyn MemberGroups> {
        Some(self)
    }

    async fn read_many(
        &self,
        _context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let truth = self.sky.truth();
        let read = |request: ReadRequest| {
            let id = GroupId::new(request.prior.value.get("id")?.as_str()?);
            let group = truth.groups.get(&id)?;
            let value = Value::object([
                ("id", Value::string(id.as_str())),
                ("note", request.prior.value.get("note")?.clone()),
                ("template", Value::string(group.template.as_str())),
            ]);
            Some(value.into())
        };
        requests.into_iter().map(|request| Ok(read(request))).collect()
    }

    async fn create(&self, _: &CallContext, _: CreateRequest) -> Result<Object, ProviderError> {
        Err(ProviderError::rejected("No", "not in here"))
    }

    async fn update(
        &self,
        _context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        let template = |value: &Value| value.get("template").cloned();
        if template(&request.planned) != template(&request.prior.value) {
            self.sky.truth().wrongs.push("an update changed the template".to_owned());
        }
        Ok(request.planned.into())
    }

    async fn delete(&self, _: &CallContext, _: DeleteRequest) -> Result<(), ProviderError> {
        Err(ProviderError::rejected("No", "not in here"))
    }

    async fn settle(&self, _: &CallContext, _: SettleRequest) -> Result<Settled, ProviderError> {
        Err(ProviderError::rejected("No", "not in here"))
    }
}

#[async_trait]
impl MemberGroups for Cloud {
    fn group(&self, object: &Value) -> Option<GroupRef> {
        let template = object.get("template").and_then(Value::as_str).map(TemplateId::new);
        Some(GroupRef { id: GroupId::new(object.get("id")?.as_str()?), template })
    }

    fn held(&self, prior: &Value, planned: &Value) -> Value {
        let entry = |name: &'static str, of: &Value| (name, of.get(name).cloned().unwrap());
        Value::object([entry("id", planned), entry("note", planned), entry("template", prior)])
    }

    async fn observe(
        &self,
        _context: &CallContext,
        groups: &[GroupId],
    ) -> Result<Vec<Option<GroupView>>, ProviderError> {
        let mut truth = self.sky.truth();
        let length = truth.per_look;
        truth.pass(length);
        Ok(groups.iter().map(|id| truth.seen_group(id)).collect())
    }

    async fn carry_out(
        &self,
        _context: &CallContext,
        call: &StepCall<'_>,
    ) -> Result<(), ProviderError> {
        self.sky.truth().call(call)
    }

    async fn keep_waiting(
        &self,
        _context: &CallContext,
        _group: &GroupId,
        members: &[MachineId],
    ) -> Result<(), ProviderError> {
        self.sky.truth().beats += u32::try_from(members.len()).unwrap();
        Ok(())
    }
}

#[async_trait]
impl Clusters for Cloud {
    fn connect(
        &self,
        kubeconfig: &str,
        host: &Arc<dyn Host>,
    ) -> Result<CallContext, ProviderError> {
        if kubeconfig.is_empty() {
            return Err(ProviderError::rejected("Invalid kubeconfig", "It is empty."));
        }
        Ok(CallContext { client: Arc::new(()), host: host.clone() })
    }

    async fn observe(
        &self,
        _context: &CallContext,
        _now: Seconds,
    ) -> Result<ClusterView, ProviderError> {
        self.sky.truth().seen_cluster()
    }

    async fn carry_out(
        &self,
        _context: &CallContext,
        call: &StepCall<'_>,
    ) -> Result<(), ProviderError> {
        let mut truth = self.sky.truth();
        truth.answers()?;
        truth.call(call)
    }

    async fn lock(
        &self,
        _context: &CallContext,
        holder: &OperatorId,
        now: Seconds,
        until: Seconds,
    ) -> Result<Lock, ProviderError> {
        let mut truth = self.sky.truth();
        truth.answers()?;
        Ok(truth.take_lock(holder, now, until))
    }

    async fn unlock(
        &self,
        _context: &CallContext,
        holder: &OperatorId,
    ) -> Result<(), ProviderError> {
        let mut truth = self.sky.truth();
        if truth.lock.as_ref().is_some_and(|lock| lock.holder == *holder) {
            truth.lock = None;
        }
        Ok(())
    }
}

/// Done at the second look for a machine.
#[async_trait]
impl HookAction for Hook {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let step = kprov_rotation::Step::Hook {
            member: call.member.id.clone(),
            when: call.when,
            name: kprov_rotation::HookName::new("smoke-test"),
        };
        let mut truth = self.sky.truth();
        let again = truth.calls.iter().any(|(_, made)| *made == step);
        truth.calls.push((call.token.to_owned(), step));
        if again { Ok(HookLook::Done) } else { Ok(HookLook::NotYet("no answer yet".to_owned())) }
    }
}
