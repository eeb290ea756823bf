//! Auto Scaling groups as member groups, over airplane: what is seen of them, and each step of a rotation, called twice.

mod balanced;
mod hooks;
mod life;
mod midway;
mod seen;

use std::time::Duration;

use aws_sdk_autoscaling::types::AutoScalingGroup;
use kprov_core::Value;
use kprov_provider::rotation::world::{Kind, Member, Target};
use kprov_provider::rotation::{
    Base, GroupId, GroupView, MachineId, MemberGroups, RotationId, Step, StepCall, TemplateId,
};
use kprov_provider::{CallContext, Object, Provider, ProviderError, Resource};
use serde_json::{Value as Json, json};

use super::compute::{image, of};
use super::flight::{Flight, text};
use super::run;
use crate::api::Api;

const TY: &str = "aws_autoscaling_group";

/// A group "g" in two zones, of a template of which there are two versions.
struct Ground<'f> {
    flight: &'f Flight,
    context: CallContext,
    config: Json,
    object: Object,
    template: String,
    subnets: Vec<String>,
    kind: Kind,
}

/// A VPC, a subnet in each of two zones, and a template with two versions.
async fn land(flight: &Flight) -> (String, Vec<String>, String) {
    let vpc = flight.id("aws_vpc", of("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}))).await;
    let mut subnets = Vec::new();
    for (block, zone) in [("10.0.0.0/24", "a"), ("10.0.1.0/24", "b")] {
        let zone = format!("eu-central-1{zone}");
        let config = json!({"vpc_id": vpc, "cidr_block": block, "availability_zone": zone});
        subnets.push(flight.id("aws_subnet", of("aws_subnet", config)).await);
    }
    let ty = "aws_launch_template";
    let image = image(flight).await;
    let config =
        |kind: &str| of(ty, json!({"name": "nodes", "image_id": image, "instance_type": kind}));
    let template = flight.make(ty, config("t3.micro")).await;
    flight.try_change(ty, &template, &config("t3.small")).await.unwrap();
    (vpc, subnets, text(&template.value, "id"))
}

impl<'f> Ground<'f> {
    async fn new(flight: &'f Flight, more: Json) -> Ground<'f> {
        let land = land(flight).await;
        Ground::on(flight, land, more).await
    }

    async fn on(flight: &'f Flight, land: (String, Vec<String>, String), more: Json) -> Ground<'f> {
        let (_, subnets, template) = land;
        let mut config = json!({
            "name": "g", "min_size": 1, "max_size": 2, "desired_capacity": 2,
            "vpc_zone_identifier": subnets, "launch_template": [{"id": template, "version": "1"}],
        });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let object = flight.make(TY, of(TY, config.clone())).await;
        let context = flight.context().await;
        let kind = Kind::Worker;
        Ground { flight, context, config, object, template, subnets, kind }
    }

    /// The configuration with more in it.
    fn with(&self, more: Json) -> Value {
        let mut config = self.config.clone();
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of(TY, config)
    }

    fn api(&self) -> &Api {
        self.context.client::<Api>()
    }

    fn resource(&self) -> &dyn Resource {
        self.flight.aws().resource(TY).unwrap()
    }

    fn groups(&self) -> &dyn MemberGroups {
        self.resource().member_groups().unwrap()
    }

    fn version(&self, number: u32) -> TemplateId {
        TemplateId::new(&format!("{}/{number}", self.template))
    }

    async fn pass(&self, seconds: u64) {
        self.api().sleep(Duration::from_secs(seconds)).await;
    }

    async fn view(&self) -> GroupView {
        let seen = self.groups().observe(&self.context, &[GroupId::new("g")]).await.unwrap();
        let mut view = seen.into_iter().next().unwrap().unwrap();
        view.group.kind = self.kind;
        view
    }

    async fn member(&self, id: &MachineId) -> Member {
        let view = self.view().await;
        view.members.into_iter().find(|member| member.id == *id).unwrap()
    }

    /// AWS's own word for the group.
    async fn raw(&self) -> AutoScalingGroup {
        crate::autoscaling::group::rotation::find(self.api(), "g").await.unwrap()
    }

    async fn hook_names(&self) -> Vec<String> {
        let asked = self.api().autoscaling().describe_lifecycle_hooks();
        let answer = asked.auto_scaling_group_name("g").send().await.unwrap();
        answer.lifecycle_hooks().iter().filter_map(|it| it.lifecycle_hook_name.clone()).collect()
    }

    async fn once(&self, step: &Step, base: Option<&Base>) -> Result<(), ProviderError> {
        let view = self.view().await;
        let member = step.member().and_then(|id| view.members.iter().find(|it| it.id == *id));
        let rotation = RotationId::new("r-1");
        let call = StepCall {
            step,
            token: "r-1/1",
            rotation: &rotation,
            group: Some(&view.group),
            base,
            member,
            masters: &[],
        };
        self.groups().carry_out(&self.context, &call).await
    }

    /// Carries a step out, and again, as a run does that did not hear of it.
    async fn twice(&self, step: Step, base: &Base) {
        for time in ["first", "second"] {
            let done = self.once(&step, Some(base)).await;
            done.unwrap_or_else(|error| panic!("{step}, the {time} time: {error}"));
        }
    }

    /// Until all machines are healthy behind their balancer.
    async fn settle(&self) {
        for _ in 0..60 {
            let members = self.view().await.members;
            if members.iter().filter(|it| !it.going()).all(|it| it.target == Target::Healthy) {
                return;
            }
            self.pass(10).await;
        }
        panic!("never healthy: {:#?}", self.view().await.members);
    }
}

/// A network load balancer before a target group; its ARN.
async fn balancer(flight: &Flight, vpc: &str, subnets: &[String]) -> String {
    let make = async |ty: &str, config: Json| flight.id(ty, of(ty, config)).await;
    let group = json!({
        "name": "api", "port": 6443, "protocol": "TCP", "vpc_id": vpc, "deregistration_delay": "60",
        "connection_termination": true, "preserve_client_ip": "false",
        "health_check": [{
            "protocol": "TCP", "interval": 10, "healthy_threshold": 2, "unhealthy_threshold": 2,
        }],
    });
    let group = make("aws_lb_target_group", group).await;
    let balancer = json!({
        "name": "api", "load_balancer_type": "network", "internal": true, "subnets": subnets,
    });
    let balancer = make("aws_lb", balancer).await;
    let listener = json!({
        "load_balancer_arn": balancer, "port": 443, "protocol": "TCP",
        "default_action": [{"type": "forward", "target_group_arn": group}],
    });
    make("aws_lb_listener", listener).await;
    group
}

fn base_of(view: &GroupView) -> Base {
    let group = &view.group;
    Base {
        desired: group.desired,
        max: group.max,
        suspended: group.suspended.clone(),
        protected: group.protected,
    }
}
