//! [`PaperAws`]: hashicorp/aws on paper. It has every type that has a schema file, makes objects of
//! what was planned, and answers data sources from a few facts. It knows nothing of AWS's rules:
//! what it proves is that configurations fit the schemas and are steady.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use kprov_core::{Path, PathStep, ProviderAddr, ResourceMode, Type, Value, value};
use kprov_provider::rotation::{GroupId, GroupRef, GroupView, MachineId, MemberGroups, StepCall};
use kprov_provider::{
    CallContext, CreateRequest, DataSource, DeleteRequest, Object, PlanRequest, PlannedObject,
    Provider, ProviderError, ProviderSchema, ReadRequest, Resource, SettleRequest, Settled,
    UpdateRequest,
};

use crate::facts;

type Answer<T> = Result<T, ProviderError>;

/// See the module.
#[derive(Debug)]
pub(crate) struct PaperAws {
    schema: ProviderSchema,
    resources: BTreeMap<String, Paper>,
    data: BTreeMap<String, PaperData>,
}

/// A resource type.
#[derive(Debug)]
struct Paper {
    ty: String,
    made: AtomicU64,
}

/// A data source type.
#[derive(Debug)]
struct PaperData {
    ty: String,
    object: Type,
}

impl PaperAws {
    /// With all schema files.
    pub(crate) fn new() -> PaperAws {
        let schema = crate::schemas::all();
        let resources = schema
            .resources
            .keys()
            .map(|ty| (ty.to_string(), Paper { ty: ty.to_string(), made: AtomicU64::new(0) }));
        let data = schema.data_sources.iter().map(|(ty, schema)| {
            let object = schema.block.implied_type();
            (ty.to_string(), PaperData { ty: ty.to_string(), object })
        });
        PaperAws { resources: resources.collect(), data: data.collect(), schema }
    }
}

impl Provider for PaperAws {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("aws")
    }

    fn schema(&self) -> &ProviderSchema {
        &self.schema
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        self.resources.get(ty).map(|it| it as &dyn Resource)
    }

    fn lacks(&self, _mode: ResourceMode, ty: &str) -> bool {
        ty == "aws_db_subnet_group" || ty == "aws_vpc_endpoint_service"
    }

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        self.data.get(ty).map(|it| it as &dyn DataSource)
    }
}

/// The value with everything that is not known said: ids and ARNs that tell what they are of.
fn settled(ty: &str, number: u64, planned: &Value) -> Value {
    value::transform(planned, &mut |path: &Path, part: Value| {
        if part.is_known() {
            return part;
        }
        let name = match path.0.last() {
            Some(PathStep::Attribute(name)) => name.to_string(),
            _ => String::new(),
        };
        match part.ty() {
            Type::String if name == "arn" => {
                Value::string(format!("arn:aws:paper:eu-west-1:123456789012:{ty}/{number}"))
            }
            Type::String if name == "id" => Value::string(format!("{ty}-{number}")),
            Type::String if name == "ipv6_cidr_block" => Value::string("2001:db8:1200::/56"),
            Type::String => Value::string(format!("{name}-{number}")),
            Type::Number => Value::int(1),
            Type::Bool => Value::Bool(false),
            other => value::from_json(&facts::empty(&other), &other).unwrap_or(Value::NULL),
        }
    })
}

/// Groups on paper have no machines that could be rotated.
#[derive(Debug)]
struct NoMachines;

#[async_trait]
impl MemberGroups for NoMachines {
    fn group(&self, _object: &Value) -> Option<GroupRef> {
        None
    }

    fn held(&self, prior: &Value, _planned: &Value) -> Value {
        prior.clone()
    }

    async fn observe(&self, _: &CallContext, all: &[GroupId]) -> Answer<Vec<Option<GroupView>>> {
        Ok(vec![None; all.len()])
    }

    async fn carry_out(&self, _: &CallContext, _: &StepCall<'_>) -> Answer<()> {
        Ok(())
    }

    async fn keep_waiting(&self, _: &CallContext, _: &GroupId, _: &[MachineId]) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl Resource for Paper {
    fn member_groups(&self) -> Option<&dyn MemberGroups> {
        (self.ty == "aws_autoscaling_group").then_some(&NoMachines as &dyn MemberGroups)
    }

    /// A template that changes gets another version, as every user of it must see.
    fn plan(&self, request: PlanRequest<'_>) -> Answer<PlannedObject> {
        let changed = request.prior.is_some_and(|prior| prior != request.proposed);
        if self.ty != "aws_launch_template" || !changed {
            return Ok(request.proposed.clone().into());
        }
        let unknown = Value::unknown(Type::Number);
        Ok(kprov_provider::with_attributes(request.proposed, [("latest_version", unknown)]).into())
    }

    async fn read_many(
        &self,
        _: &CallContext,
        all: Vec<ReadRequest>,
    ) -> Vec<Answer<Option<Object>>> {
        all.into_iter().map(|request| Ok(Some(request.prior))).collect()
    }

    async fn create(&self, _: &CallContext, request: CreateRequest) -> Answer<Object> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        Ok(settled(&self.ty, number, &request.planned).into())
    }

    async fn update(&self, _: &CallContext, request: UpdateRequest) -> Answer<Object> {
        Ok(settled(&self.ty, 2, &request.planned).into())
    }

    async fn delete(&self, _: &CallContext, _: DeleteRequest) -> Answer<()> {
        Ok(())
    }

    async fn settle(&self, _: &CallContext, request: SettleRequest) -> Answer<Settled> {
        Ok(request.prior.map_or(Settled::Absent, Settled::Exists))
    }
}

#[async_trait]
impl DataSource for PaperData {
    async fn read(&self, _: &CallContext, config: &Value) -> Answer<Value> {
        let problem = |error: &dyn std::fmt::Display| {
            ProviderError::rejected("Not on paper", format!("{}: {error}", self.ty))
        };
        let said = value::to_json(config, &self.object).map_err(|error| problem(&error))?;
        let answer = facts::read(&self.ty, said, &self.object);
        value::from_json(&answer, &self.object).map_err(|error| problem(&error))
    }
}
